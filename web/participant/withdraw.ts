/** The withdrawal page: two codes, one button. */
import { Refused, withdraw } from './api.ts'
import { openDevice } from './device.ts'
import { button, el, show } from './page.ts'
import { say } from './texts/index.ts'

/** Of two spellings of a code, the letters and digits. */
const bare = (s: string): string => s.toLowerCase().replace(/[^a-z0-9]/g, '')

/** What this browser still has of the run goes too. */
async function forget(runCode: string): Promise<void> {
  const device = await openDevice()
  for (const run of await device.runs()) {
    if (!run.runId || bare(run.runId).slice(3) !== bare(runCode)) continue
    await device.forget(run.nonce)
    const { receipt: _, own: _own, ...rest } = run
    await device.put({ ...rest, state: 'withdrawn' })
  }
}

/** Shows the form; a receipt's link fills it in by the address's fragment, which no server sees. */
export function withdrawPage(): void {
  const given = new URLSearchParams(location.hash.slice(1))
  history.replaceState(null, '', location.pathname)
  const input = (name: string, label: string, value: string): { field: HTMLElement; box: HTMLInputElement } => {
    const box = el('input', {
      id: name,
      name,
      type: 'text',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      required: '',
      maxlength: '60',
      value,
    })
    return { box, field: el('p', { class: 'field' }, el('label', { for: name }, label), box) }
  }
  const run = input('run-code', say('runCode'), given.get('run') ?? '')
  const code = input('withdrawal-code', say('withdrawalCode'), given.get('code') ?? '')
  const problem = el('p', { class: 'problem', role: 'alert' })
  problem.hidden = true
  const send = el('button', { type: 'submit' }, say('withdrawButton'))
  const form = el('form', {}, run.field, code.field, problem, el('div', { class: 'actions' }, send))
  const failed = (text: string): void => {
    problem.textContent = text
    problem.hidden = false
    send.disabled = false
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    send.disabled = true
    problem.hidden = true
    withdraw({ runCode: run.box.value.trim(), withdrawalCode: code.box.value.trim() }).then(
      async () => {
        await forget(run.box.value).catch(() => undefined)
        show({
          state: 'withdrawn',
          tone: 'good',
          title: say('withdrawnTitle'),
          sentence: say('withdrawn'),
          more: [el('div', { class: 'actions' }, button(say('again'), withdrawPage, 'quiet'))],
        })
      },
      (e: unknown) => failed(say(e instanceof Refused ? 'withdrawUnknown' : 'withdrawOffline')),
    )
  })
  show({ state: 'withdraw', title: say('withdrawTitle'), sentence: say('withdraw'), more: [form] })
}
