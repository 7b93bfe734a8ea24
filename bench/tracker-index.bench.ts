import { spawn } from 'node:child_process';
import type { IndexFigures, IndexTask } from './programs/tracker-index.js';
import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { baselineRow } from './support/rows.js';
import { programPath } from './support/tracker-servers.js';

const ROUNDS = 9;
/** Three million entries; a quick run has a tenth. */
const VISITORS = 30_000;
const TASK = { roots: 100, holders: 16, wants: 2_000 };
const UNIT = 'answers per CPU-second';

/** The program in a process of its own, so that its memory is its own. */
async function figures({ root }: BenchContext, task: IndexTask): Promise<IndexFigures> {
  const args = ['--expose-gc', programPath(root, 'tracker-index'), JSON.stringify(task)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) text += String(chunk);
  return JSON.parse(text) as IndexFigures;
}

function rowsOf(found: IndexFigures): BenchRow[] {
  const { entries, grown, arrays, resident, scattered, together, peers } = found;
  const each = (bytes: number): number => bytes / entries;
  const note = `target 3000; ${peers.toFixed(1)} peers in an answer`;
  return [
    { ...baselineRow('every root has holders of its own: 1,600 candidates', scattered, UNIT), note },
    { ...baselineRow('the same 16 visitors hold all', together, UNIT), note },
    {
      name: 'memory of an entry',
      value: each(grown),
      unit: 'bytes',
      note: `target 20; ${each(arrays).toFixed(1)} of it in typed arrays; the process grew by ${each(resident).toFixed(1)}`,
    },
  ];
}

const benchmark: Benchmark = async (context) => {
  const rounds = context.repeats(ROUNDS);
  const visitors = rounds < ROUNDS ? VISITORS / 10 : VISITORS;
  const found = await figures(context, { ...TASK, visitors, rounds });
  return { title: 'Tracker: index', about: aboutOf(found), rows: rowsOf(found) };
};

const aboutOf = ({ entries }: IndexFigures): string =>
  `The tracker's core without sockets, with ${entries.toLocaleString('en')} entries: ${TASK.roots} roots for each visitor, ` +
  `${TASK.holders} holders for each root. A want of ${TASK.roots} roots, as text and open for a minute as pages ask, until its answer of ` +
  'at most six peers is text. Memory is what the process grew by while visitors that were there announced what they hold, ' +
  'after collecting garbage, what is remembered of the hash service included.';

export default benchmark;
