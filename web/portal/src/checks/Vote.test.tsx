// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { exampleJob } from '../../testing/examples.ts'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import type { Review } from '../queries/jobs.ts'
import { VoteForm, Votes } from './Vote.tsx'

const review = (change: Partial<Review> = {}): Review =>
  ({ job: { ...exampleJob, state: 'held' }, votes: [], ...change }) as Review
const approval = { vote: 'approve' as const, comment: 'Fine', at: '2026-03-01T10:00:00.000Z' }
const choose = (name: string) => fireEvent.click(screen.getByRole('radio', { name }))
const comment = () => screen.getByRole('textbox')
const write = (text: string) => fireEvent.change(comment(), { target: { value: text } })

it('approves without words, and goes back to the list when that decides', async () => {
  const { server, address } = await show(<VoteForm review={review()} />, {
    'jobs.vote': { ...exampleJob, state: 'succeeded' },
  })
  expect(button('Vote')).toHaveProperty('disabled', true)
  choose('Approve')
  fireEvent.click(button('Vote'))
  await vi.waitFor(() => expect(address()).toBe('/checks'))
  expect(server.sent('jobs.vote')).toEqual([{ vote: 'approve', comment: '' }])
})

it.each([
  ['Reject', 'Vote', 'reject'],
  ['Ask the analyst', 'Send the question', 'ask'],
])('%s needs words', async (choice, act, vote) => {
  const { server, address } = await show(<VoteForm review={review()} />, {
    'jobs.vote': { ...exampleJob, state: 'held' },
  })
  choose(choice)
  write('  ')
  expect(button(act)).toHaveProperty('disabled', true)
  write(' Who are the two? ')
  fireEvent.click(button(act))
  await vi.waitFor(() => expect(server.sent('jobs.vote')).toEqual([{ vote, comment: 'Who are the two?' }]))
  expect(address()).toBe('/')
})

it('keeps the vote and its words when the server refuses', async () => {
  await show(<VoteForm review={review()} />, { 'jobs.vote': new Refused('forbidden', 'It is your own analysis.') })
  choose('Reject')
  write('Too few')
  fireEvent.click(button('Vote'))
  expect((await screen.findByRole('alert')).textContent).toContain('It is your own analysis.')
  expect(comment()).toHaveProperty('value', 'Too few')
  expect(screen.getByRole('radio', { name: 'Reject', checked: true })).toBeTruthy()
})

it('begins with the vote one has given, to change it', async () => {
  await show(<VoteForm review={review({ mine: approval })} />)
  expect(screen.getByRole('radio', { name: 'Approve', checked: true })).toBeTruthy()
  expect(comment()).toHaveProperty('value', 'Fine')
  expect(button('Change the vote')).toHaveProperty('disabled', false)
})

it('is not there while the analyst is asked, nor once it is decided', async () => {
  await show(<VoteForm review={review({ job: { ...exampleJob, state: 'held', waiting: 'answer' } })} />)
  expect(screen.getByRole('status').textContent).toContain('A question has been asked')
  expect(screen.queryByRole('radio')).toBeNull()
  await show(<VoteForm review={review({ job: { ...exampleJob, state: 'succeeded' } })} />)
  expect(screen.queryByRole('radio')).toBeNull()
})

it('shows what others voted only to somebody who has voted', async () => {
  const other = { name: 'Grace', vote: 'reject' as const, comment: 'Two of a kind', at: approval.at }
  await show(<Votes review={review({ votes: [other] })} />)
  expect(screen.queryByText('Two of a kind')).toBeNull()
  await show(<Votes review={review({ votes: [other], mine: approval })} />)
  expect(screen.getByText('Two of a kind')).toBeTruthy()
  expect(screen.getByRole('alert').textContent).toContain('The votes differ')
})
