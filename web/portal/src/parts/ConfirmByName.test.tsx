// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { button, show } from '../../testing/show.tsx'
import { ConfirmByName } from './ConfirmByName.tsx'

const confirm = (act: () => Promise<unknown>, onClose = () => {}) => (
  <ConfirmByName opened onClose={onClose} title="Delete" name="Flanker" label="Delete for good" act={act}>
    All of it is lost.
  </ConfirmByName>
)
const type = (text: string) => fireEvent.change(screen.getByRole('textbox'), { target: { value: text } })

it('does nothing before the name has been typed whole', async () => {
  const act = vi.fn<() => Promise<void>>(async () => {})
  await show(confirm(act))
  expect(button('Delete for good')).toHaveProperty('disabled', true)
  type('Flank')
  expect(button('Delete for good')).toHaveProperty('disabled', true)
  fireEvent.submit(screen.getByRole('textbox'))
  expect(act).not.toHaveBeenCalled()
  type(' Flanker ')
  expect(button('Delete for good')).toHaveProperty('disabled', false)
})

it('acts once however often it is sent, and closes when it is done', async () => {
  let finish = () => {}
  const act = vi.fn<() => Promise<void>>(() => new Promise<void>((done) => (finish = done)))
  const close = vi.fn<() => void>()
  await show(confirm(act, close))
  type('Flanker')
  fireEvent.submit(screen.getByRole('textbox'))
  fireEvent.submit(screen.getByRole('textbox'))
  expect(act).toHaveBeenCalledTimes(1)
  expect(close).not.toHaveBeenCalled()
  finish()
  await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(1))
})

it('stays open with the reason when it fails', async () => {
  const close = vi.fn<() => void>()
  await show(
    confirm(async () => {
      throw new Error('A run is going on.')
    }, close),
  )
  type('Flanker')
  fireEvent.submit(screen.getByRole('textbox'))
  expect((await screen.findByRole('alert')).textContent).toContain('A run is going on.')
  expect(close).not.toHaveBeenCalled()
})
