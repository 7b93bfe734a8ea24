import type { PageMessage, WorkerMessage } from '../../src/protocol/bridge.js';
import { pieceSpan } from '../../src/core/pieces.js';
import type { Bytes } from '../../src/core/bytes.js';
import { WorkerRig, urlOf, type OriginFile, type TestPage } from './worker-rig.js';

type NeedMessage = WorkerMessage & { t: 'need' };

/** One signed image of a page. */
export interface Picture {
  readonly path: string;
  readonly bytes: Bytes;
  readonly signed: Awaited<ReturnType<WorkerRig['sign']>>;
}

/** A leading page whose images are below the fold, in front of an origin that the page finds slow. */
export class SlowGallery {
  private constructor(
    readonly rig: WorkerRig,
    readonly page: TestPage,
    readonly pictures: readonly Picture[],
  ) {}

  /** `how`: what the origin does with each image. */
  static async open(count: number, length: number, how: Partial<OriginFile> = {}): Promise<SlowGallery> {
    const rig = await WorkerRig.make();
    const pictures: Picture[] = [];
    for (let i = 0; i < count; i++) {
      const path = `/media/${'x'.repeat(i)}${i}.jpg`;
      const bytes = rig.file(path, length);
      Object.assign(rig.files.get(path) ?? {}, how);
      pictures.push({ path, bytes, signed: await rig.sign(path, bytes) });
    }
    const page = await rig.visitor();
    page.place = () => ({ wait: 1000, slow: true });
    page.say({ t: 'tokens', tokens: pictures.map(({ signed }) => signed.token) });
    await rig.rest(10);
    return new SlowGallery(rig, page, pictures);
  }

  picture(at: number): Picture {
    const picture = this.pictures[at];
    if (!picture) throw new RangeError(`no picture ${at}`);
    return picture;
  }

  ask(at: number, signal?: AbortSignal): Promise<Response> {
    const answer = this.rig.ask(this.picture(at).path, signal ? { signal } : {});
    // Whoever looks at it does so later.
    answer.catch(() => undefined);
    return answer;
  }

  /** The paths that the origin was asked for, in order. */
  get asked(): string[] {
    return this.rig.requests.map(({ url }) => url);
  }

  needs(at: number): NeedMessage[] {
    return this.page.all('need').filter(({ root }) => root === this.picture(at).signed.root);
  }

  /** The page's engine finds nobody, so far. */
  nobody(): void {
    this.page.onHeard = (message) => {
      if (message.t === 'need') this.page.say({ t: 'miss', id: message.id, reason: 'no-peers' });
    };
  }

  /** Peer number `from` turns up and gives what was asked for last of this picture, as `alter` makes it. */
  give(at: number, { from = 7, alter = (one: Bytes): Bytes => one } = {}): void {
    const { bytes, signed } = this.picture(at);
    const need = this.needs(at).at(-1);
    if (need?.layer) this.page.say({ t: 'layer', root: signed.root, bytes: signed.layer.slice() });
    for (const index of need?.pieces ?? []) {
      const { start, end } = pieceSpan(signed.cut, index);
      const piece = alter(bytes.slice(start, end));
      const message: PageMessage = { t: 'piece', root: signed.root, index, from, bytes: piece };
      this.page.say(message);
    }
  }

  /** What the page was told of this picture's transfer, once it is over. */
  report(at: number): TestPage['reports'][number] | undefined {
    return this.page.reports.find(({ url }) => url === urlOf(this.picture(at).path));
  }
}
