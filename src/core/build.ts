declare const __PEERFOLD_BUILD__: string | undefined;

/** Names this build: loader, engine and worker of different builds do not talk to each other. */
export const BUILD: string = typeof __PEERFOLD_BUILD__ === 'undefined' ? 'unbuilt' : __PEERFOLD_BUILD__;
