import type { Beacon } from '../../src/protocol/beacon.js';
import { Frequency } from './frequency.js';
import { items, numbers } from './kept.js';
import { Sample } from './sample.js';

const HOUR_MS = 3600_000;

/** What one group of a site's pages measured in an hour: each page counts once, whatever its share. */
export class GroupHour {
  paint = new Sample();
  images = new Sample();
  starts = new Sample();
  stalls = new Frequency();
  /** Beacons that came. */
  beacons = 0;

  add({ paint, images, playback }: Beacon): void {
    this.beacons++;
    if (paint !== undefined) this.paint.add([paint]);
    this.images.add(images);
    this.starts.add(playback.starts);
    if (playback.played > 0) this.stalls.add(playback.stalls, playback.played / HOUR_MS);
  }

  merge(other: GroupHour): void {
    this.beacons += other.beacons;
    this.paint.merge(other.paint);
    this.images.merge(other.images);
    this.starts.merge(other.starts);
    this.stalls.merge(other.stalls);
  }

  toJSON(): unknown[] {
    return [[this.beacons], this.paint, this.images, this.starts, this.stalls];
  }

  /** What `toJSON` made. Throws on anything else. */
  static read(value: unknown): GroupHour {
    const [counts, paint, images, starts, stalls] = items(value, 5);
    const read = new GroupHour();
    [read.beacons = 0] = numbers(counts, 1);
    [read.paint, read.images, read.starts] = [Sample.read(paint), Sample.read(images), Sample.read(starts)];
    read.stalls = Frequency.read(stalls);
    return read;
  }
}
