/** The part of the package that tests use; it brings no types. */
declare module 'node-turn' {
  export default class Turn {
    constructor(options: {
      readonly listeningPort: number;
      readonly listeningIps: readonly string[];
      readonly relayIps: readonly string[];
      readonly authMech: 'long-term';
      readonly credentials: Readonly<Record<string, string>>;
    });
    start(): void;
    stop(): void;
  }
}
