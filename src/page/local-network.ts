import type { Memory } from './memory.js';
import type { PeerfoldOptions } from './options.js';
import { CHOICE } from './policy.js';
import { isDisguisedTablet } from './upload-network.js';

/** The parts of `navigator` that tell on what this page runs; some are missing everywhere. */
export interface Platform {
  readonly userAgent: string;
  readonly maxTouchPoints: number;
  readonly userAgentData?: {
    readonly platform?: string;
    getHighEntropyValues?(hints: string[]): Promise<{ readonly platformVersion?: string }>;
  };
}

/** A system or browser that asks the user whether a page may reach the local network. */
export interface PromptingPlatform {
  /** As `userAgentData.platform` has it. */
  readonly platform: 'macOS' | 'Windows' | 'Linux' | 'Android';
  /** What the user agent string of those holds that have no `userAgentData`. */
  readonly agent: RegExp;
  /** First version of the system that asks. */
  readonly from: number;
  /** First version of Safari that runs on it, which tells the system's where the system's is hidden. */
  readonly safari?: number;
}

/**
 * Where opening a WebRTC connection may raise a question that the visitor did not expect. macOS asks on behalf of any
 * browser that resolves mDNS names, as all do for host candidates (w3c/webrtc-pc#3109). Browsers have announced a
 * question of their own (WICG/local-network-access) and ask none about WebRTC as of Chrome 156 and Firefox 153.
 */
export const PROMPTING_PLATFORMS: readonly PromptingPlatform[] = [
  { platform: 'macOS', agent: /Macintosh/, from: 26, safari: 26 },
];

/** Whether links may raise a prompt here. Where the version is not told, they may. */
export async function mayPrompt(device: Platform): Promise<boolean> {
  const { userAgent, userAgentData } = device;
  const found = PROMPTING_PLATFORMS.find(({ platform, agent }) =>
    userAgentData?.platform
      ? userAgentData.platform === platform
      : agent.test(userAgent) && !isDisguisedTablet(device),
  );
  if (!found) return false;
  const safari = /Version\/(\d+).* Safari\//.exec(userAgent)?.[1];
  if (safari !== undefined && found.safari !== undefined) return Number(safari) >= found.safari;
  const told = await userAgentData?.getHighEntropyValues?.(['platformVersion']).catch(() => undefined);
  const version = parseInt(told?.platformVersion ?? '');
  return !(version < found.from);
}

export interface LocalNetworkOptions {
  readonly device: Platform;
  readonly memory: Memory;
  readonly options: Pick<PeerfoldOptions, 'relayOnly'>;
  /** The answer of the platform has come. */
  readonly changed: () => void;
}

/** Keeps links from raising a prompt that nobody asked for. */
export class LocalNetwork {
  #prompts = true;

  constructor(private readonly options: LocalNetworkOptions) {
    void mayPrompt(options.device).then((prompts) => {
      this.#prompts = prompts;
      options.changed();
    });
  }

  /** Whether links wait for the visitor to say yes in so many words. Relayed ones reach no local network. */
  get waits(): boolean {
    const { memory, options } = this.options;
    return this.#prompts && !options.relayOnly && memory.get(CHOICE) !== 'granted';
  }
}
