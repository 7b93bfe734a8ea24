/**
 * How overloaded this process is. Each level sheds more, and all that the levels below it do: 0 nothing,
 * 1 pushes, 2 introductions, 3 wants (refused with `rate`), 4 new sockets (503).
 */
export interface Pressure {
  readonly level: number;
}
