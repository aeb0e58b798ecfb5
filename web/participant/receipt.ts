/** The last pages: what arrived, how to withdraw, and where to go next. */
import { fillRedirect } from '../../domain/studies/links.ts'
import type { LocalRun, Receipt } from './device.ts'
import { openOwn } from './run-sealing.ts'
import { button, download, el, type PageSpec, show } from './page.ts'
import { bytes, moment, number, say } from './texts/index.ts'

/** What the participant's address carried: kept sealed on the device, for the way back. */
export interface Own {
  parameters: Record<string, string>
  outsideId?: string
}

/** Where the participant goes next, filled in here, where the outside id is known. */
async function onward(run: LocalRun, receipt: Receipt): Promise<URL | undefined> {
  if (!receipt.redirect || !run.own || !run.runId) return undefined
  const own = (await openOwn(run.key, run.runId, 'own', run.own)) as Own
  const filled = fillRedirect(receipt.redirect, {
    runId: run.runId,
    outsideId: own.outsideId,
    state: run.state,
    parameters: own.parameters,
  })
  // The server checked the host; this page follows an address and never a script.
  return URL.canParse(filled) && /^https?:/i.test(filled) ? new URL(filled) : undefined
}

const withdrawAddress = (r: Receipt): string =>
  `${location.origin}/withdraw#${new URLSearchParams({ run: r.runCode, code: r.withdrawalCode })}`

function asText(receipt: Receipt, title: string): string {
  const lines = [
    title,
    '',
    ...rows(receipt).map(([k, v]) => `${k}: ${v}`),
    '',
    say('howToWithdraw', { address: `${location.origin}/withdraw` }),
    '',
  ]
  return lines.join('\n')
}

const rows = (receipt: Receipt): [string, string][] => [
  [say('runCode'), receipt.runCode],
  [say('withdrawalCode'), receipt.withdrawalCode],
  [say('sent'), say('sentValue', { records: number(receipt.records), bytes: bytes(receipt.bytes) })],
  [say('when'), moment(receipt.at)],
]

function card(receipt: Receipt, title: string): HTMLElement {
  const list = el(
    'dl',
    {},
    ...rows(receipt).flatMap(([k, v], i) => [el('dt', {}, k), el('dd', i < 2 ? { class: 'code' } : {}, v)]),
  )
  const [before, after] = say('howToWithdraw', { address: '\u0000' }).split('\u0000')
  const how = el(
    'p',
    { class: 'how' },
    before!,
    el('a', { href: withdrawAddress(receipt) }, `${location.host}/withdraw`),
    after ?? '',
  )
  const copy = button(
    say('copy'),
    () => {
      void navigator.clipboard.writeText(asText(receipt, title)).then(
        () => {
          copy.textContent = say('copied')
        },
        () => download('receipt.txt', new Blob([asText(receipt, title)], { type: 'text/plain' })),
      )
    },
    'quiet',
  )
  const keep = el(
    'div',
    { class: 'keep' },
    copy,
    button(say('print'), () => print(), 'quiet'),
    button(
      say('save'),
      () =>
        download(
          `receipt-${receipt.runCode.slice(0, 9)}.txt`,
          new Blob([asText(receipt, title)], { type: 'text/plain' }),
        ),
      'quiet',
    ),
  )
  return el(
    'section',
    { class: 'receipt', 'aria-label': say('receipt') },
    el('h2', {}, say('receipt')),
    list,
    how,
    keep,
  )
}

/**
 * Shows how a run ended, with a button to take part again where the link allows it. The only way off the page is the
 * participant's own click.
 */
export async function showEnd(run: LocalRun, title: string, again?: PageSpec['quiet']): Promise<void> {
  const quiet = again ? { quiet: again } : {}
  if (run.state === 'withdrawn') {
    show({ ...quiet, state: 'withdrawn', title: say('withdrawnTitle'), sentence: say('withdrawn'), note: say('close') })
    return
  }
  const next = run.receipt && (await onward(run, run.receipt))
  const go = next ? { button: { label: say('continueTo', { host: next.host }), href: next.href } } : {}
  if (run.state === 'aborted') {
    show({
      ...quiet,
      state: 'aborted',
      title: say('abortedTitle'),
      sentence: say('aborted'),
      ...(next ? go : { note: say('close') }),
    })
    return
  }
  if (!run.receipt) {
    show({ ...quiet, state: 'finished', tone: 'good', title: say('finishedTitle'), sentence: say('finishedNoCode') })
    return
  }
  show({
    ...quiet,
    state: 'finished',
    tone: 'good',
    title: say('finishedTitle'),
    sentence: next ? say('finishedOn', { host: next.host }) : say('finished'),
    more: [card(run.receipt, title)],
    ...go,
  })
}
