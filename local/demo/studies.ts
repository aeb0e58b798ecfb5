/** The demo's two studies with their links and runs, published and collected through the same routes as real ones. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LocalObjects } from '../../adapters/local/objects.ts'
import type { Client } from '../../clients/api.ts'
import { publishStudy } from '../../clients/publish.ts'
import { studyOfFiles } from '../../clients/study-file.ts'
import type { TimelineConfiguration } from '../../domain/studies/configuration.ts'
import { base64url } from '../../domain/hash.ts'
import { recordHash, runHash, type SealedRecord } from '../../domain/runs/records.ts'
import { importRunKey, sealRecord, wrapRunKey } from '../../domain/runs/sealing.ts'
import { sendInside } from './in-process-client.ts'
import { simulate } from './participant.ts'

export interface StudyParts {
  organisationId: string
  rosa: () => Client
  participant: (runToken?: string) => Client
  objects: LocalObjects
  /** User id of somebody to share with. */
  analyst: string
  /** The demo's own time, in milliseconds. */
  clock: { at: number }
  random: (bytes: number) => Uint8Array
}

/** `leaves`: run number → trial after which that participant closes the page. `aborts`: takes the data back. */
interface Plan {
  folder: string
  requestId: string
  runs: number
  leaves: Record<number, number>
  aborts: number[]
}
const plans: Plan[] = [
  {
    folder: 'flanker',
    requestId: '6f1b3f0e-4c52-4a3b-9a53-0c8f7c1e0011',
    runs: 14,
    leaves: { 3: 37, 10: 72 },
    aborts: [6],
  },
  { folder: 'survey-images', requestId: '6f1b3f0e-4c52-4a3b-9a53-0c8f7c1e0012', runs: 8, leaves: { 5: 3 }, aborts: [] },
]
const linkLabel = 'Demo participants'
const examples = fileURLToPath(new URL('../../examples', import.meta.url))
const chunkSize = 20

async function readStudy(folder: string): ReturnType<typeof studyOfFiles<Uint8Array>> {
  const top = join(examples, folder)
  const entries = (await readdir(top, { recursive: true, withFileTypes: true })).filter((e) => e.isFile())
  const files = await Promise.all(
    entries.map(async (entry) => ({
      path: join(entry.parentPath, entry.name)
        .slice(top.length + 1)
        .replaceAll('\\', '/'),
      data: new Uint8Array(await readFile(join(entry.parentPath, entry.name))),
    })),
  )
  return studyOfFiles(files, async (data) => new TextDecoder().decode(data))
}

/** Study, version, state and link; answers the link's code. Safe to run twice. */
async function publish(
  parts: StudyParts,
  plan: Plan,
): Promise<{ studyId: string; code: string; configuration: TimelineConfiguration }> {
  const rosa = parts.rosa()
  const bundle = await readStudy(plan.folder)
  let study = await rosa.studies.create({
    params: { organisationId: parts.organisationId },
    body: { title: bundle.title ?? plan.folder, description: bundle.description ?? '', requestId: plan.requestId },
  })
  const params = { studyId: study.studyId }
  await publishStudy(rosa, {
    studyId: study.studyId,
    configuration: bundle.configuration,
    files: bundle.files,
    note: 'First version',
    send: sendInside(parts.objects),
  })
  parts.clock.at += 5 * 60_000
  study = await rosa.studies.study({ params })
  if (study.state === 'draft') study = await rosa.studies.setState({ params, body: { state: 'live', rev: study.rev } })
  await rosa.studies.share({ params: { ...params, userId: parts.analyst }, body: {} })
  const known = (await rosa.studies.links({ params, query: { limit: 200 } })).items.find((l) => l.label === linkLabel)
  const link =
    known ?? (await rosa.studies.createLink({ params, body: { kind: 'general', label: linkLabel, hours: 720 } }))
  return {
    studyId: study.studyId,
    code: link.code,
    configuration: bundle.configuration as unknown as TimelineConfiguration,
  }
}

/** One participant from the start of the page to its end. */
async function takePart(
  parts: StudyParts,
  code: string,
  configuration: TimelineConfiguration,
  leavesAfter: number,
  aborts: boolean,
): Promise<void> {
  const page = parts.participant()
  const { key } = await page.runs.participation({ params: { code }, query: {} })
  const raw = parts.random(32)
  const own = await importRunKey(raw)
  const started = await page.runs.start({
    params: { code },
    body: { nonce: base64url(parts.random(24)), kid: key.kid, wrappedKey: await wrapRunKey(raw, key.jwk) },
  })
  const sender = parts.participant(started.token)
  const hashes: string[] = []
  let waiting: SealedRecord[] = []
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return
    await sender.runs.append({
      params: { runId: started.runId },
      body: {
        first: hashes.length - waiting.length + 1,
        records: waiting,
        produced: hashes.length,
        position: hashes.length,
      },
    })
    waiting = []
  }
  const record = async (op: 'append' | 'end' | 'abort', body: unknown): Promise<void> => {
    const seq = hashes.length + 1
    const place = { runId: started.runId, seq, op, part: 'main' }
    const sealed: SealedRecord = {
      op,
      part: 'main',
      jwe: await sealRecord({ key: own, ...place, body, iv: parts.random(12) }),
      ...(op === 'end' ? { end: { last: seq, hash: await runHash(hashes) } } : {}),
    }
    hashes.push(await recordHash(sealed))
    waiting.push(sealed)
    if (waiting.length >= chunkSize || op !== 'append') await flush()
  }
  parts.clock.at += 20_000
  for (const trial of simulate({ configuration, condition: started.condition, seed: started.seed })) {
    parts.clock.at += trial.milliseconds
    await record('append', trial.data)
    if (hashes.length < leavesAfter) continue
    await flush()
    if (aborts) await record('abort', {})
    return
  }
  await record('end', {})
}

/** Publishes what is missing and lets the missing participants come. */
export async function seedStudies(parts: StudyParts): Promise<void> {
  for (const plan of plans) {
    const { studyId, code, configuration } = await publish(parts, plan)
    const { items } = await parts.rosa().runs.list({ params: { studyId }, query: { limit: 200 } })
    // A run that was under way when an earlier attempt was killed stays as it is: somebody who closed the page.
    for (let n = items.length; n < plan.runs; n++) {
      parts.clock.at += (60 + ((n * 37) % 50)) * 60_000
      await takePart(
        parts,
        code,
        configuration,
        plan.leaves[n] ?? (plan.aborts.includes(n) ? 12 : Infinity),
        plan.aborts.includes(n),
      )
    }
  }
}
