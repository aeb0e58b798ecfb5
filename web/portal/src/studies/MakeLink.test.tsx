// @vitest-environment happy-dom
import { act, fireEvent, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { exampleStudy } from '../../testing/examples.ts'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import { MakeLink } from './MakeLink.tsx'

const link = {
  code: 'a'.repeat(20),
  url: 'https://cloister.example/p/aaaaaaaaaaaaaaaaaaaa',
  kind: 'general',
  label: 'Prolific',
  created: '2026-03-01T10:00:00.000Z',
  expires: '2026-03-04T10:00:00.000Z',
  started: 0,
  revoked: false,
  state: 'open',
}
const field = (label: string | RegExp): HTMLInputElement => screen.getByLabelText(label)
const type = (label: string | RegExp, text: string) => fireEvent.change(field(label), { target: { value: text } })
const send = () => fireEvent.submit(field('Label'))
const finishing = 'Send participants here when they finish'

it('sends what was chosen once, and nothing that belongs to another kind of link', async () => {
  const done = vi.fn<() => void>()
  const { server } = await show(<MakeLink study={exampleStudy} close={() => {}} done={done} />, {
    'studies.createLink': link,
  })
  fireEvent.click(screen.getByRole('radio', { name: /^Personal/ }))
  type('Whose it is', 'person 7')
  type('Quota', '5')
  fireEvent.click(screen.getByRole('radio', { name: /^Single/ }))
  type('Label', 'Pilot')
  send()
  send()
  await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(1))
  expect(server.sent('studies.createLink')).toEqual([{ kind: 'single', label: 'Pilot', hours: 72 }])
})

it('says beside an address what is wrong with it, and sends nothing', async () => {
  const { server } = await show(<MakeLink study={exampleStudy} close={() => {}} done={() => {}} />, {
    'studies.createLink': link,
  })
  fireEvent.click(button('Redirects and ids'))
  type(finishing, 'http://example.org/')
  const wrong = field(finishing)
  expect(wrong.getAttribute('aria-invalid')).toBe('true')
  expect(document.getElementById(wrong.getAttribute('aria-describedby')!.split(' ').at(0)!)?.textContent).toContain(
    'An https address',
  )
  expect(button('Make the link')).toHaveProperty('disabled', true)
  await act(async () => send())
  expect(server.asked).toEqual([])
})

it('asks for what is left open by a recruiter’s preset, then for the host to be allowed', async () => {
  const { server } = await show(<MakeLink study={exampleStudy} close={() => {}} done={() => {}} />, {
    'studies.change': { ...exampleStudy, redirectHosts: ['app.prolific.com'] },
  })
  fireEvent.click(button('Prolific'))
  expect(screen.getByText('Fill in what is yours, in place of YOUR-…')).toBeTruthy()
  expect(screen.queryByRole('button', { name: /^Allow/ })).toBeNull()
  type(finishing, 'https://app.prolific.com/submissions/complete?cc=C1')
  expect(button('Make the link')).toHaveProperty('disabled', true)
  fireEvent.click(button('Allow app.prolific.com'))
  await vi.waitFor(() =>
    expect(server.sent('studies.change')).toEqual([{ redirectHosts: ['app.prolific.com'], rev: exampleStudy.rev }]),
  )
})

it('sends redirects whose host is allowed, with the recruiter’s parameter', async () => {
  const study = { ...exampleStudy, redirectHosts: ['app.prolific.com'] }
  const { server } = await show(<MakeLink study={study} close={() => {}} done={() => {}} />, {
    'studies.createLink': link,
  })
  fireEvent.click(button('Prolific'))
  type(finishing, 'https://app.prolific.com/submissions/complete?cc=C1')
  send()
  await vi.waitFor(() =>
    expect(server.sent('studies.createLink')).toEqual([
      {
        kind: 'general',
        label: 'Prolific',
        hours: 72,
        completionUrl: 'https://app.prolific.com/submissions/complete?cc=C1',
        outsideIdParameter: 'PROLIFIC_PID',
      },
    ]),
  )
})

it('says what to do when the server allows no such host', async () => {
  const done = vi.fn<() => void>()
  await show(<MakeLink study={exampleStudy} close={() => {}} done={done} />, {
    'studies.createLink': new Refused('redirect-not-allowed', 'The study does not allow app.prolific.com.'),
  })
  send()
  expect((await screen.findByRole('alert')).textContent).toContain('Allow the host first')
  expect(done).not.toHaveBeenCalled()
})
