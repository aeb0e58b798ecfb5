// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { exampleStudy } from '../../testing/examples.ts'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import { writeDraft } from './draft.ts'
import { PublishDialog } from './PublishDialog.tsx'

const { studyId } = exampleStudy
const asset = { path: 'face.png', sha256: 'a'.repeat(64), size: 2048, type: 'image/png' }
const configuration = { kind: 'timeline', trials: 20 }
const dialog = (base: number, close: () => void = () => {}) => (
  <PublishDialog study={exampleStudy} configuration={configuration} assets={[asset]} base={base} close={close} />
)
const before = {
  version: 1,
  contentHash: 'b'.repeat(64),
  kind: 'timeline',
  note: '',
  published: '2026-03-01T10:00:00.000Z',
  publishedBy: 'u1',
  assets: 1,
  bytes: asset.size,
  configuration: { kind: 'timeline', trials: 10 },
  files: [asset],
}
const keepDraft = () => writeDraft(studyId, { text: '{}', assets: [], base: 0, changed: '2026-03-01T10:00:00.000Z' })
const draft = () => localStorage.getItem(`cloister.content.${studyId}`)
const note = () => screen.getByLabelText('Note')

it('says what the first version holds, publishes it with its note, and forgets the draft', async () => {
  const close = vi.fn<() => void>()
  const { server, address } = await show(dialog(0, close), { 'studies.publish': before })
  keepDraft()
  expect(screen.getByText('The first version, with 1 file (2.0 kB).')).toBeTruthy()
  fireEvent.change(note(), { target: { value: 'Twice as many trials' } })
  fireEvent.submit(note())
  await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(1))
  expect(server.sent('studies.publish')).toEqual([
    { configuration, assets: [asset], note: 'Twice as many trials', expects: 0 },
  ])
  expect(draft()).toBeNull()
  await vi.waitFor(() => expect(address()).toBe(`/studies/${studyId}/overview`))
})

it('says what changes since the version that the work began from', async () => {
  await show(dialog(1), { 'studies.version': before })
  const change = await screen.findByRole('row', { name: /Trials/ })
  expect(change.textContent).toContain('10')
  expect(change.textContent).toContain('20')
  expect(screen.getByText(/^Since version 1: /)).toBeTruthy()
  expect(screen.queryByText(/^The first version/)).toBeNull()
})

it('keeps draft and note when somebody else has published meanwhile', async () => {
  const close = vi.fn<() => void>()
  await show(dialog(1, close), {
    'studies.version': before,
    'studies.publish': new Refused('changed-meanwhile', 'Version 2 is newer than what this began from.'),
  })
  keepDraft()
  fireEvent.change(note(), { target: { value: 'Mine' } })
  fireEvent.click(button('Publish'))
  expect((await screen.findByRole('alert')).textContent).toContain('Version 2 is newer')
  expect(close).not.toHaveBeenCalled()
  expect(draft()).not.toBeNull()
  expect(note()).toHaveProperty('value', 'Mine')
})
