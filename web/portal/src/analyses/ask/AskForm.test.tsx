// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react'
import { describe, expect, it, vi } from 'vitest'
import { exampleDataset, exampleJob, exampleQuote } from '../../../testing/examples.ts'
import { Refused } from '../../../testing/server.ts'
import { button, show, type Shown } from '../../../testing/show.tsx'
import type { Dataset } from '../../queries/datasets.ts'
import type { Ask, Quote } from '../../queries/jobs.ts'
import { AskForm } from './AskForm.tsx'

const noTwin = { 'synthesis.list': { items: [] } }
const ask = (
  answers: Record<string, unknown> = {},
  dataset: Dataset = exampleDataset,
  beginning: Partial<Parameters<typeof AskForm>[0]> = {},
): Promise<Shown> =>
  show(<AskForm dataset={dataset} language={undefined} example={undefined} again={undefined} {...beginning} />, {
    ...noTwin,
    'jobs.quote': exampleQuote,
    'jobs.ask': exampleJob,
    ...answers,
  })
const verdict = (text: string) =>
  vi.waitFor(() => expect(screen.getByRole('complementary').querySelector('[role=status]')?.textContent).toBe(text), {
    timeout: 10_000,
  })
const accepted = () => verdict('It would be accepted')
const panel = () => within(screen.getByRole('complementary'))
const type = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } })
const policyWith = (part: Partial<Dataset['policy']>): Dataset => ({
  ...exampleDataset,
  policy: { ...exampleDataset.policy, ...part },
})

describe('the question', () => {
  it('begins with one that runs as it stands, and is asked once however often Ask is pressed', async () => {
    const { server, address } = await ask()
    await accepted()
    fireEvent.click(button('Ask'))
    fireEvent.click(button('Ask'))
    await vi.waitFor(() => expect(address()).toBe(`/analyses/${exampleJob.jobId}`))
    const [sent, ...others] = server.sent('jobs.ask') as Ask[]
    expect(others).toEqual([])
    expect(sent).toMatchObject({
      dataset: exampleDataset.datasetId,
      language: 'sql',
      mode: 'rules',
      cohort: [],
      declared: [],
      title: 'People by arm',
    })
    expect(sent!.code).toContain('GROUP BY arm')
  })

  it('keeps its key when the answer was lost, and takes another one once it has changed', async () => {
    let lost = true
    const { server } = await ask({
      'jobs.ask': () => {
        if (lost) throw new Error('The line is dead')
        return exampleJob
      },
    })
    await accepted()
    fireEvent.click(button('Ask'))
    await screen.findByText('It was not accepted')
    fireEvent.click(button('Ask'))
    await vi.waitFor(() => expect(server.sent('jobs.ask')).toHaveLength(2))
    await screen.findByText('It was not accepted')
    lost = false
    type('Title', 'Another one')
    await accepted()
    fireEvent.click(button('Ask'))
    await vi.waitFor(() => expect(server.sent('jobs.ask')).toHaveLength(3))
    const keys = server.asked
      .filter(({ route }) => route === 'jobs.ask')
      .map(({ headers }) => headers.get('idempotency-key'))
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).not.toBe(keys[0])
  })

  it('says beside the button why it was refused, and keeps what was typed', async () => {
    const { address } = await ask({ 'jobs.ask': new Refused('too-many-jobs', 'Ten of yours are at work.') })
    await accepted()
    type('Title', 'Mine')
    await accepted()
    fireEvent.click(button('Ask'))
    expect((await panel().findByRole('alert')).textContent).toContain('Ten of yours are at work.')
    expect(screen.getByLabelText('Title')).toHaveProperty('value', 'Mine')
    expect(address()).toBe('/')
    fireEvent.click(button('Begin anew'))
    expect(panel().queryByRole('alert')).toBeNull()
  })

  it('is not offered while its quote is refused or says no', async () => {
    const advice: Quote['advice'] = [{ level: 'error', message: 'There is no column arms.', line: 1 }]
    await ask({ 'jobs.quote': { ...exampleQuote, acceptable: false, advice } })
    await verdict('It would not be accepted')
    expect(panel().getByText('There is no column arms.')).toBeTruthy()
    expect(button('Ask')).toHaveProperty('disabled', true)
  })

  it('is an earlier one, when asked again', async () => {
    const question: Ask = {
      dataset: exampleDataset.datasetId,
      cohort: [{ table: 'visits', column: 'arm', is: 'in', values: ['drug'] }],
      language: 'sql',
      code: 'SELECT count(*) AS n FROM visits',
      parameters: {},
      mode: 'noise',
      purpose: '',
      epsilon: 0.5,
      declared: [],
      limits: {},
      title: 'The first',
    }
    const { server } = await ask({}, exampleDataset, { again: { jobId: exampleJob.jobId, question } })
    await accepted()
    fireEvent.click(button('Ask'))
    await vi.waitFor(() => expect(server.sent('jobs.ask')).toEqual([question]))
  })
})

describe('the cohort', () => {
  it('says under a filter what it lacks, and is not asked before', async () => {
    await ask()
    await accepted()
    fireEvent.click(button('Add a filter'))
    await verdict('Not ready yet')
    const filter = button('Take filter 1 out').closest('li')!
    expect(filter.textContent).toContain('Choose values of arm.')
    expect(panel().getByText('Choose values of arm.')).toBeTruthy()
    expect(button('Ask')).toHaveProperty('disabled', true)
    fireEvent.click(button('Take filter 1 out'))
    await accepted()
  })
})

describe('the way of release', () => {
  it('needs a purpose where people look, and says for whom', async () => {
    const { server } = await ask()
    await accepted()
    expect(screen.queryByLabelText(/What is it for/)).toBeNull()
    fireEvent.click(screen.getByRole('radio', { name: 'Review by people' }))
    await verdict('Not ready yet')
    expect(panel().getByText('Tell the checkers what this is for.')).toBeTruthy()
    fireEvent.change(screen.getByLabelText(/What is it for/), { target: { value: ' To compare the two arms ' } })
    await accepted()
    fireEvent.click(button('Ask'))
    await vi.waitFor(() =>
      expect(server.sent('jobs.ask')).toMatchObject([{ mode: 'review', purpose: 'To compare the two arms' }]),
    )
  })

  it('asks for approval where the policy wants it; nothing is quoted before it is whole', async () => {
    const { server } = await ask(
      { 'jobs.quote': { ...exampleQuote, approval: 'needed' } },
      policyWith({ approval: true }),
    )
    await verdict('Not ready yet')
    expect(server.sent('jobs.quote')).toEqual([])
    expect(panel().getByText('Tell the custodian what this is for.')).toBeTruthy()
    fireEvent.change(screen.getByLabelText(/What is it for/), { target: { value: 'To compare the two arms' } })
    await accepted()
    expect(button('Ask for approval')).toHaveProperty('disabled', false)
  })

  it('under noise says what is left afterwards; a script declares its numbers with ranges', async () => {
    const cost = { ...exampleQuote.cost, nanoRho: 5, epsilon: 1, left: 6 }
    const { server } = await ask({ 'jobs.quote': { ...exampleQuote, cost } }, policyWith({ languages: ['python'] }))
    await accepted()
    fireEvent.click(screen.getByRole('radio', { name: 'Noise' }))
    await verdict('Not ready yet')
    expect(panel().getByText(/declare the numbers your script will answer/)).toBeTruthy()
    fireEvent.click(button('Add a number'))
    type('Output 1: name', 'mean_score')
    type('Output 1: from', '100')
    type('Output 1: to', '0')
    expect(await panel().findByText('Give the output mean_score a range, chosen before looking.')).toBeTruthy()
    type('Output 1: from', '0')
    type('Output 1: to', '100')
    await accepted()
    expect(screen.getByText(/7 is left; 6 afterwards/)).toBeTruthy()
    fireEvent.click(button('Ask'))
    await vi.waitFor(() =>
      expect(server.sent('jobs.ask')).toMatchObject([
        { mode: 'noise', epsilon: 1, declared: [{ name: 'mean_score', low: 0, high: 100 }] },
      ]),
    )
  })

  it('of a trial is none: it goes to the synthetic twin', async () => {
    const dataset = policyWith({ languages: ['python'], modes: ['review'] })
    const question: Ask = {
      dataset: dataset.datasetId,
      cohort: [],
      language: 'python',
      code: 'print(1)',
      parameters: { bins: 10 },
      mode: 'review',
      purpose: '',
      declared: [],
      limits: { seconds: 60 },
      on: 'twin',
      title: 'A trial',
    }
    const { server } = await ask({}, dataset, { again: { jobId: exampleJob.jobId, question } })
    await accepted()
    expect(screen.queryByRole('radio')).toBeNull()
    expect(screen.queryByLabelText(/What is it for/)).toBeNull()
    type('Parameters, JSON', '[10]')
    await verdict('Not ready yet')
    expect(panel().getByText(/Parameters are a JSON object/)).toBeTruthy()
    type('Parameters, JSON', '{"bins": 20}')
    await accepted()
    fireEvent.click(button('Ask'))
    await vi.waitFor(() => expect(server.sent('jobs.ask')).toEqual([{ ...question, parameters: { bins: 20 } }]))
  })
})
