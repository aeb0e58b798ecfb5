import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHash } from 'node:crypto'
import type { Workflow } from '../../ports/workflow.ts'
import { type Harness, harness } from '../kernel/testing.ts'

let h: Harness, organisationId: string, started: string[]
const workflow: Workflow = { start: async (id, attempt) => { started.push(`${id}/${attempt}`) }, stop: async () => {}, running: async () => false }
beforeEach(async () => {
  started = []
  h = await harness({ workflow })
  ;({ organisationId } = await h.organisation('Lab', { cleo: ['custodian'], anil: ['analyst'], rosa: ['researcher'] }))
})
afterEach(() => h.close())
const cleo = () => h.person('cleo')
const sha = (b: Uint8Array) => createHash('sha256').update(b).digest('hex')
const make = (name = 'trial_a') => h.call('datasets', 'create', { as: cleo(), params: { organisationId }, body: { name, title: 'A trial', description: 'Of something' } })

describe('a new dataset', () => {
  it('walks from a name to a reading job', async () => {
    const s = await make()
    expect(s).toMatchObject({ state: 'draft', version: 0, mayAnalyse: false })
    const bytes = new TextEncoder().encode('subject,age\na,1\n')
    const file = { path: 'subjects.csv', size: bytes.length, sha256: sha(bytes) }
    const params = { datasetId: s.datasetId }
    expect((await h.refused('datasets', 'read', { as: cleo(), params, body: { files: [file] } })).kind).toBe('asset-missing')
    const { uploads } = await h.call('datasets', 'uploads', { as: cleo(), params, body: { files: [file] } })
    expect(uploads[0]).toMatchObject({ present: false, upload: { method: 'PUT' } })
    await h.objects.put('protected', `datasets/${s.datasetId}/blobs/${file.sha256}`, bytes, 'text/csv')
    const { jobId } = await h.call('datasets', 'read', { as: cleo(), params, body: { files: [file] } })
    expect(started).toEqual([`${jobId}/1`])
    expect(await h.call('datasets', 'reading', { as: cleo(), params })).toMatchObject({ state: 'reading', jobId, tables: [] })
    expect((await h.refused('datasets', 'get', { as: h.person('anil'), params })).kind).toBe('not-found')
    expect((await h.call('datasets', 'list', { as: cleo(), params: { organisationId } })).items).toHaveLength(1)
    expect((await h.call('datasets', 'list', { as: h.person('anil'), params: { organisationId } })).items).toHaveLength(0)
    expect((await h.call('datasets', 'discovery')).datasets).toEqual([])
    expect((await h.call('datasets', 'history', { as: cleo(), params })).items.map((e) => e.act)).toEqual(['dataset.read', 'dataset.created'])
  })
})
