/** The package has no types of its own. Of what it returns, what is used here; none of it is checked. */
declare module 'm3u8-parser' {
  export interface HlsSegment {
    readonly uri: string;
    readonly duration?: number;
    readonly byterange?: { readonly length?: number; readonly offset?: number };
  }
  export interface HlsVariant {
    readonly uri: string;
    readonly attributes?: {
      readonly BANDWIDTH?: number;
      readonly CODECS?: string;
      readonly RESOLUTION?: object;
    };
  }
  export interface HlsManifest {
    readonly segments: readonly HlsSegment[];
    readonly playlists?: readonly HlsVariant[];
    readonly mediaGroups?: Readonly<
      Record<string, Readonly<Record<string, Readonly<Record<string, { readonly uri?: string }>>>>>
    >;
    readonly mediaSequence?: number;
    readonly endList?: boolean;
    readonly skip?: { readonly skippedSegments?: number };
  }
  export class Parser {
    constructor(options: { readonly uri: string });
    readonly manifest: HlsManifest;
    push(text: string): void;
    end(): void;
  }
}
