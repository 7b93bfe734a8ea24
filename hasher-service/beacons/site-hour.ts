import { BEACON_BYTES, type Beacon } from '../../src/protocol/beacon.js';
import type { TrackerReport } from '../../src/protocol/figures.js';
import { GroupHour } from './group-hour.js';
import { items, numbers } from './kept.js';
import { TopList } from './top-list.js';
import { Words } from './words.js';

/** Slots of an hour, five minutes each. */
export const SLOTS = 12;

/** What is summed up in each slot. */
const COLUMNS = [
  ...BEACON_BYTES,
  /** Links that pages held, and how many pages told. */
  'links',
  'linked',
  /** Visitors at the tracker, times seconds for which they were counted. */
  'visitorSeconds',
  'introductions',
  'wants',
  'refused',
  /** Reports of trackers; the last second of the slot that they reach, and the first one, counted from its end. */
  'reports',
  'until',
  'lead',
] as const;
export type Row = Record<(typeof COLUMNS)[number], number>;

export function emptyRow(): Row {
  return Object.fromEntries(COLUMNS.map((name) => [name, 0])) as Row;
}

export function addRow(sum: Row, row: Row): void {
  const [until, lead] = [Math.max(sum.until, row.until), Math.max(sum.lead, row.lead)];
  for (const name of COLUMNS) sum[name] += row[name];
  [sum.until, sum.lead] = [until, lead];
}

/** The part of a tracker's report that falls into one slot. */
export type TrackerPart = Pick<TrackerReport, 'introductions' | 'wants' | 'refused'> & {
  readonly visitorSeconds: number;
  /** Seconds from the slot's beginning to the part's end, and from the part's beginning to the slot's end. */
  readonly until: number;
  readonly lead: number;
};

/** All figures of one site in one hour. Everything in it adds up, in any order. */
export class SiteHour {
  peers = new GroupHour();
  control = new GroupHour();
  /** Bytes over HTTP by why, and faults by code. */
  reasons = new Words();
  errors = new Words();
  resources = new TopList();
  /** By slot. */
  readonly #rows = Array.from({ length: SLOTS }, emptyRow);

  row(slot: number): Row {
    return this.#rows[slot] ?? emptyRow();
  }

  /** `named` gives the name under which a resource is counted, if it is. */
  add(beacon: Beacon, slot: number, named: (url: string) => string | undefined): void {
    const weight = 1 / beacon.share;
    this[beacon.group].add(beacon);
    for (const [code, count] of Object.entries(beacon.errors)) this.errors.add(code, count * weight);
    if (beacon.group === 'control') return;
    const row = this.row(slot);
    for (const source of BEACON_BYTES) row[source] += beacon.bytes[source] * weight;
    row.links += beacon.links;
    row.linked++;
    for (const [reason, bytes] of Object.entries(beacon.reasons)) this.reasons.add(reason, bytes * weight);
    for (const { url, peer, http } of beacon.resources) {
      const name = named(url);
      if (name !== undefined) this.resources.add(name, peer * weight, http * weight);
    }
  }

  addTracker(part: TrackerPart, slot: number): void {
    const row = this.row(slot);
    row.visitorSeconds += part.visitorSeconds;
    row.introductions += part.introductions;
    row.wants += part.wants;
    row.refused += part.refused;
    row.reports++;
    row.until = Math.max(row.until, part.until);
    row.lead = Math.max(row.lead, part.lead);
  }

  merge(other: SiteHour): void {
    this.peers.merge(other.peers);
    this.control.merge(other.control);
    this.reasons.merge(other.reasons);
    this.errors.merge(other.errors);
    this.resources.merge(other.resources);
    this.#rows.forEach((row, slot) => {
      addRow(row, other.row(slot));
    });
  }

  toJSON(): unknown[] {
    const rows = this.#rows.map((row) => COLUMNS.map((name) => row[name]));
    return [this.peers, this.control, this.reasons, this.errors, this.resources, rows];
  }

  /** What `toJSON` made. Throws on anything else. */
  static read(value: unknown): SiteHour {
    const [peers, control, reasons, errors, resources, rows] = items(value, 6);
    const read = new SiteHour();
    [read.peers, read.control] = [GroupHour.read(peers), GroupHour.read(control)];
    [read.reasons, read.errors] = [Words.read(reasons), Words.read(errors)];
    read.resources = TopList.read(resources);
    items(rows, SLOTS).forEach((row, slot) => {
      const sums = numbers(items(row, COLUMNS.length), COLUMNS.length);
      COLUMNS.forEach((name, i) => (read.row(slot)[name] = sums[i] ?? 0));
    });
    return read;
  }
}
