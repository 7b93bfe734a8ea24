import { createCipheriv, randomBytes } from 'node:crypto';
import { originBytes, sha256, SMALL_SEGMENTS } from './media.js';
import type { Stage } from './stage.js';

const FOLDER = '/media/guarded';
const CIPHER = 'aes-128-cbc';

/** The small rendition as a site serves it that guards its streams. */
export interface GuardedStream {
  /** Paths of the encrypted segments. */
  readonly segments: readonly string[];
  /** SHA-256 of each of them, as it is sent. */
  readonly digests: readonly string[];
  /** Puts a page on the site whose playlist is for one visitor: segments come from `host`, signed with `signature`. */
  readonly pageFor: (signature: string, host: string) => string;
}

/** Encrypts the segments (AES-128, RFC 8216 section 4.3.2.4) and puts them, readable from other origins, on the site. */
export function guardedStream(stage: Stage): GuardedStream {
  const key = randomBytes(16);
  const iv = randomBytes(16);
  stage.site.faults.set({ path: `${FOLDER}/*`, headers: { 'access-control-allow-origin': '*' } });
  stage.site.faults.set({ path: `${FOLDER}/key`, content: key });
  stage.site.faults.set({
    path: `${FOLDER}/init.mp4`,
    content: new Uint8Array(originBytes('/media/hls/v1/init.mp4')),
  });
  const encrypted = SMALL_SEGMENTS.map((segment) => {
    const path = segment.replace('/media/hls/v1', FOLDER);
    const cipher = createCipheriv(CIPHER, key, iv);
    const content = Buffer.concat([cipher.update(originBytes(segment)), cipher.final()]);
    stage.site.faults.set({ path, content });
    return { path, digest: sha256(content) };
  });
  const plain = originBytes('/media/hls/v1/playlist.m3u8').toString();
  const keyTag = `#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x${iv.toString('hex')}`;
  return {
    segments: encrypted.map(({ path }) => path),
    digests: encrypted.map(({ digest }) => digest),
    pageFor: (signature, host) => {
      const playlist = plain
        .replace(/^#EXT-X-MAP.*$/m, `$&\n${keyTag}`)
        .replace(/^(seg-.*)$/gm, `${host}${FOLDER}/$1?signature=${signature}`);
      stage.serve(`${FOLDER}/${signature}.m3u8`, playlist);
      const page = originBytes('/hls.html').toString();
      stage.serve(`/${signature}.html`, page.replace('/media/hls/index.m3u8', `${FOLDER}/${signature}.m3u8`));
      return `/${signature}.html`;
    },
  };
}
