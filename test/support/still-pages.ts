import { afterAll, beforeAll, vi } from 'vitest';

/** For a file whose pages never change after they were loaded, and who are many. */
export function useStillPages(): void {
  beforeAll(() => {
    vi.stubGlobal(
      'MutationObserver',
      class {
        observe = vi.fn();
        disconnect = vi.fn();
      },
    );
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });
}
