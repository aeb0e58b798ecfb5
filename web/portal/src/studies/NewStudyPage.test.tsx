// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { exampleMe, exampleStudy } from '../../testing/examples.ts'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import { NewStudyPage } from './NewStudyPage.tsx'

const { studyId } = exampleStudy
const page = (answers: Record<string, unknown> = {}) =>
  show(<NewStudyPage />, { 'access.me': exampleMe, 'studies.create': exampleStudy, ...answers })
const title = () => screen.getByLabelText(/^Title/)
const choose = async (name: string) => fireEvent.click(await screen.findByRole('radio', { name }))
const slow = { timeout: 10_000 }

it('makes an empty study, keeps its first content as a draft, and goes there', async () => {
  const { server, address } = await page()
  await choose('Empty')
  fireEvent.change(title(), { target: { value: ' Flanker ' } })
  fireEvent.submit(title())
  await vi.waitFor(() => expect(address()).toBe(`/studies/${studyId}/content`), slow)
  expect(server.sent('studies.create')).toEqual([
    { title: 'Flanker', description: '', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  ])
  const draft = JSON.parse(localStorage.getItem(`cloister.content.${studyId}`)!) as { text: string; base: number }
  expect(draft.base).toBe(0)
  expect(draft.text).toContain('Press any key to begin.')
})

it('goes on with the same study when it is pressed again after a failure', async () => {
  let tries = 0
  const { server, address } = await page({
    'studies.create': () => (++tries === 1 ? new Refused('wrong-state', 'Wait a little.') : exampleStudy),
  })
  await choose('Empty')
  fireEvent.change(title(), { target: { value: 'Flanker' } })
  fireEvent.submit(title())
  expect((await screen.findByRole('alert', {}, slow)).textContent).toContain('Wait a little.')
  expect(title()).toHaveProperty('value', 'Flanker')
  fireEvent.submit(title())
  await vi.waitFor(() => expect(address()).toBe(`/studies/${studyId}/content`), slow)
  const [first, second] = server.sent('studies.create') as { requestId: string }[]
  expect(second!.requestId).toBe(first!.requestId)
})

it('imports nothing before files are chosen', async () => {
  await page()
  await choose('Import')
  expect(button('Create study')).toHaveProperty('disabled', true)
  await choose('Empty')
  expect(button('Create study')).toHaveProperty('disabled', false)
})

it('takes title and content from the files, and says what is wrong with those that are no study', async () => {
  const { server, address } = await page()
  await choose('Import')
  const folder = screen.getByLabelText('Choose a folder')
  const choosing = (files: File[]) => fireEvent.change(folder, { target: { files } })
  choosing([new File(['nothing'], 'notes.txt')])
  expect((await screen.findByRole('alert', {}, slow)).textContent).toContain('This cannot be imported')
  expect(button('Create study')).toHaveProperty('disabled', true)
  const configuration = { kind: 'timeline', timeline: [{ type: '@jspsych/plugin-html-keyboard-response' }] }
  choosing([new File([JSON.stringify(configuration)], 'study.json')])
  expect(await screen.findByText('study.json', {}, slow)).toBeTruthy()
  expect(screen.queryByRole('alert')).toBeNull()
  fireEvent.change(title(), { target: { value: 'Imported' } })
  fireEvent.click(button('Create study'))
  await vi.waitFor(() => expect(address()).toBe(`/studies/${studyId}/content`), slow)
  expect(server.sent('studies.create')).toMatchObject([{ title: 'Imported' }])
  const draft = JSON.parse(localStorage.getItem(`cloister.content.${studyId}`)!) as { text: string }
  expect(JSON.parse(draft.text)).toMatchObject(configuration)
})
