/** What the participant sees around the study: one page at a time, one sentence and one button. */
import { say } from './texts/index.ts'

export interface PageSpec {
  /** Names the state, for tests and style. */
  state: string
  title: string
  sentence: string
  tone?: 'calm' | 'good' | 'warn'
  button?: { label: string; act: () => void } | { label: string; href: string }
  quiet?: { label: string; act: () => void }
  /** Share that is done, 0 to 1; `busy` when nobody knows. */
  progress?: number | 'busy'
  note?: string
  more?: Node[]
}

type Child = Node | string
/** An element with attributes and children; text is always text. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const e = document.createElement(name)
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v)
  e.append(...children)
  return e
}

export function button(label: string, act: () => void, className = ''): HTMLButtonElement {
  const b = el('button', { type: 'button', ...(className ? { class: className } : {}) }, label)
  b.addEventListener('click', act)
  return b
}

let heading = { title: '', organisation: '', preview: false }
/** Whose study this is, on every page from now on. */
export function belongsTo(study: typeof heading): void {
  heading = study
}

const app = (): HTMLElement => document.getElementById('app')!
let shown:
  | { state: string; title: HTMLElement; sentence: HTMLElement; note: HTMLElement; bar: HTMLProgressElement }
  | undefined

/**
 * Shows a page. The same state again changes words and numbers in place and leaves buttons and focus alone, so that a
 * page that counts down does not jump and is not read out from the start.
 */
export function show(p: PageSpec): void {
  if (shown?.state === p.state && !p.more) {
    update(p)
    return
  }
  const title = el('h1', { tabindex: '-1' })
  const sentence = el('p', { class: 'sentence' })
  const note = el('p', { class: 'note', 'aria-live': 'polite' })
  const bar = el('progress', { 'aria-labelledby': 'title', max: '1' })
  title.id = 'title'
  const actions = el('div', { class: 'actions' })
  if (p.button && 'href' in p.button)
    actions.append(el('a', { class: 'button', href: p.button.href, rel: 'noreferrer' }, p.button.label))
  else if (p.button) actions.append(button(p.button.label, p.button.act))
  if (p.quiet) actions.append(button(p.quiet.label, p.quiet.act, 'quiet'))
  const head = heading.title
    ? [
        el(
          'header',
          {},
          el('p', { class: 'study' }, heading.title),
          el('p', { class: 'organisation' }, heading.organisation),
          ...(heading.preview ? [el('p', { class: 'preview' }, say('preview'))] : []),
        ),
      ]
    : []
  shown = { state: p.state, title, sentence, note, bar }
  app().replaceChildren(
    ...head,
    el(
      'main',
      { class: `card ${p.tone ?? 'calm'}`, 'data-state': p.state },
      title,
      sentence,
      bar,
      note,
      ...(actions.childElementCount > 0 ? [actions] : []),
      ...(p.more ?? []),
    ),
    el('footer', {}, say('footer')),
  )
  app().hidden = false
  update(p)
  document.title = heading.title ? `${p.title} · ${heading.title}` : p.title
  title.focus({ preventScroll: true })
}

function update(p: PageSpec): void {
  const { title, sentence, note, bar } = shown!
  const put = (e: HTMLElement, text: string): void => {
    if (e.textContent !== text) e.textContent = text
  }
  put(title, p.title)
  put(sentence, p.sentence)
  put(note, p.note ?? '')
  note.hidden = !p.note
  bar.hidden = p.progress === undefined
  if (typeof p.progress === 'number') bar.value = p.progress
  else bar.removeAttribute('value')
}

/** Takes the page away: the study has the whole window. */
export function clear(title: string): void {
  shown = undefined
  app().hidden = true
  app().replaceChildren()
  document.title = title
}

/** A quiet line in a corner above the study; undefined takes it away. It never moves what the study shows. */
export function badge(text: string | undefined): void {
  let b = document.getElementById('badge')
  if (!text) {
    b?.remove()
    return
  }
  if (!b) {
    b = el('div', { id: 'badge', role: 'status' })
    document.body.append(b)
  }
  if (b.textContent !== text) b.textContent = text
}

/** Offers bytes as a file. */
export function download(name: string, file: Blob): void {
  const url = URL.createObjectURL(file)
  el('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
