import { expect, it } from 'vitest';
import { chunksOf } from '../../../src/core/chunks.js';

it.each([
  [[], 3, []],
  [[], 0, []],
  [[1], 3, [[1]]],
  [[1, 2, 3], 3, [[1, 2, 3]]],
  [[1, 2, 3, 4, 5, 6, 7], 3, [[1, 2, 3], [4, 5, 6], [7]]],
])('cuts %j in parts of %i', (list, size, parts) => {
  expect(chunksOf<number>(list, size)).toEqual(parts);
});
