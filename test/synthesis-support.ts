/** For tests of synthetic data: files uploaded and read as a custodian does it, and jobs waited for. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Client } from '../clients/api.ts'
import { settled } from './jobs-support.ts'
import { eventually } from './eventually.ts'

export type SynthesisView = Awaited<ReturnType<Client['synthesis']['get']>>
export type PlanInput = Parameters<Client['synthesis']['quote']>[0]['body']

const examples = new URL('../examples/synthesis/', import.meta.url)
export const adultCsv = (): Promise<string> => readFile(new URL('adult-2000.csv', examples), 'utf8')
export const adultPlan = async (over: Partial<PlanInput> = {}): Promise<PlanInput> => ({
  ...(JSON.parse(await readFile(new URL('plan.json', examples), 'utf8')) as PlanInput),
  ...over,
})

/** Waits until a synthesis is no longer in a state that passes by itself. */
export const rested = (client: Client, synthesisId: string): Promise<SynthesisView> =>
  eventually(
    `the synthesis ${synthesisId} comes to rest`,
    async () => {
      const synthesis = await client.synthesis.get({ params: { synthesisId } })
      return synthesis.state !== 'reading' && synthesis.state !== 'running' && synthesis
    },
    { within: 240, every: 100 },
  )

/** Uploads a file and has it read. */
export async function upload(
  client: Client,
  organisationId: string,
  path: string,
  content: string | Uint8Array,
): Promise<SynthesisView> {
  const bytes = Buffer.from(content)
  const begun = await client.synthesis.begin({
    body: {
      organisationId,
      title: `Of ${path}`,
      file: { path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
    },
  })
  const r = await fetch(begun.upload!.url, {
    method: begun.upload!.method,
    headers: begun.upload!.headers,
    body: bytes,
  })
  if (!r.ok) throw new Error(`The upload answered ${r.status}`)
  const params = { synthesisId: begun.synthesisId }
  await client.synthesis.infer({ params })
  return rested(client, begun.synthesisId)
}

/** Confirms a plan and waits for what becomes of it. */
export async function make(
  client: Client,
  s: Pick<SynthesisView, 'synthesisId'>,
  plan: PlanInput,
): Promise<SynthesisView> {
  const params = { synthesisId: s.synthesisId }
  const { rev } = await client.synthesis.get({ params })
  await client.synthesis.confirm({ params, body: { rev, plan } })
  return rested(client, s.synthesisId)
}

/** Compares with the real table and waits. */
export async function evaluate(
  client: Client,
  synthesisId: string,
  body: Parameters<Client['synthesis']['evaluate']>[0]['body'],
): Promise<SynthesisView> {
  const { jobId } = await client.synthesis.evaluate({ params: { synthesisId }, body })
  const job = await settled(client, jobId)
  if (job.state !== 'succeeded') throw new Error(`The evaluation ${job.state}: ${JSON.stringify(job.problem)}`)
  return client.synthesis.get({ params: { synthesisId } })
}
