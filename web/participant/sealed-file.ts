/** A file that carries what could not be sent: a participant gives it to the researchers, who alone can open it. */
import type { LocalRecord, LocalRun } from './device.ts'

/** The records, and after them the sealed bytes beside them, each behind a line with its number and size in bytes. */
export async function sealedFile(
  run: LocalRun,
  waiting: readonly LocalRecord[],
  objectOf: (seq: number) => Promise<Blob | undefined>,
): Promise<Blob> {
  const records = [...waiting].sort((a, b) => a.seq - b.seq)
  const head = JSON.stringify({
    cloister: 1,
    runId: run.runId,
    kid: run.kid,
    wrappedKey: run.wrappedKey,
    produced: run.made,
    records: records.map(({ nonce: _, hash: _h, ...record }) => record),
  })
  const files: BlobPart[] = []
  for (const record of records) {
    const bytes = record.object && (await objectOf(record.seq))
    if (bytes) files.push(`\n${JSON.stringify({ seq: record.seq, size: bytes.size })}\n`, bytes)
  }
  return new Blob([head, ...files], { type: 'application/octet-stream' })
}
