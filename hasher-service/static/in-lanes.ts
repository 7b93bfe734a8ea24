/**
 * Does `work` for every item, up to `lanes` at a time, each taken when a lane is free. After a failure no
 * more is taken, and it rejects with that once everything under way has ended.
 */
export async function inLanes<T>(
  lanes: number,
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  // One iterator for all lanes: what one has taken no other gets.
  const taken = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const state: { failure?: { readonly error: unknown } } = {};
  const lane = async (): Promise<void> => {
    try {
      for (let next = await taken.next(); next.done !== true && !state.failure; next = await taken.next())
        await work(next.value);
    } catch (error) {
      state.failure ??= { error };
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (state.failure) throw state.failure.error;
}
