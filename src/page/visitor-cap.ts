import type { Memory } from './memory.js';

/** The name under which the visitor's own cap is kept: bytes per second, nothing while there is none. */
export const UPLOAD_CAP = 'upload-cap';

/** Keeps it; nothing lifts the cap. */
export function keepUploadCap(memory: Memory, bytesPerSecond: number | undefined): void {
  memory.set(UPLOAD_CAP, String(bytesPerSecond ?? ''));
}

/** What the visitor lets be uploaded at most (bytes per second), if they have said so. */
export function uploadCap(memory: Memory): number | undefined {
  const kept = memory.get(UPLOAD_CAP) || undefined;
  return kept !== undefined && Number(kept) >= 0 ? Number(kept) : undefined;
}
