/** The package has no types of its own. Of what it returns, what is used here; none of it is checked. */
declare module 'mpd-parser' {
  /** Attributes of an element and those inherited from the elements around it; numbers may be `NaN`. */
  export interface DashAttributes {
    readonly type: string;
    readonly id?: string;
    readonly lang?: string;
    readonly bandwidth?: number;
    readonly mimeType?: string;
    readonly contentType?: string;
    readonly codecs?: string;
    readonly baseUrl: string;
    /** Seconds since 1970. */
    readonly availabilityStartTime?: number;
    /** Seconds; those of the whole presentation are 0 when it does not say. */
    readonly sourceDuration: number;
    readonly periodStart: number | null;
    readonly periodDuration?: number;
    readonly timeShiftBufferDepth?: number;
    readonly minimumUpdatePeriod?: number;
  }
  export interface DashTiming {
    readonly duration?: number;
    readonly timescale?: number;
    readonly startNumber?: number;
    readonly endNumber?: number | string;
    readonly presentationTimeOffset?: number;
  }
  export interface DashRepresentation {
    readonly attributes: DashAttributes;
    readonly segmentInfo: {
      readonly template?: DashTiming & { readonly media?: string };
      readonly list?: DashTiming & {
        readonly segmentUrls?: readonly { readonly media?: string; readonly mediaRange?: string }[];
      };
      readonly base?: object;
      readonly segmentTimeline?: readonly { readonly t?: number; readonly d?: number; readonly r?: number }[];
    };
  }
  export function stringToMpdXml(text: string): Element;
  export function inheritAttributes(
    mpd: Element,
    options: { readonly manifestUri: string; readonly NOW: number },
  ): { readonly representationInfo: readonly DashRepresentation[] };
}
