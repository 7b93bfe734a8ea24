import { readDash } from './playlists/dash.js';
import { readHls } from './playlists/hls.js';
import type { PlaylistsModule } from './playlists/reading.js';

/** The export of the bundle `peerfold-playlists.js`, which the engine loads when the first playlist comes. */
export const readPlaylist: PlaylistsModule['readPlaylist'] = (url, text, now) => {
  const renditions = readHls(url, text) ?? readDash(url, text, now);
  if (!renditions) throw new SyntaxError('no playlist');
  return renditions;
};
