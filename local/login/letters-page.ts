/**
 * The letters of an installation without a mail server, for the person at its computer: whoever has the address that
 * was printed where Cloister was started.
 */
import { timingSafeEqual } from 'node:crypto'
import type { KeptLetter } from '../../adapters/local/mail.ts'
import { escapeHtml, page } from './pages.ts'

/** Whether `key` is the one that was printed. */
export const mayRead = (key: string, printed: string): boolean =>
  key.length === printed.length && timingSafeEqual(Buffer.from(key), Buffer.from(printed))

/** Text with its links of this installation made to follow. */
function linked(text: string, mainOrigin: string): string {
  const line = (words: string): string =>
    words.startsWith(`${mainOrigin}/`) && !/\s/.test(words)
      ? `<a href="${escapeHtml(words)}">${escapeHtml(words)}</a>`
      : escapeHtml(words)
  return text.split('\n').map(line).join('\n')
}

export const lettersPage = (letters: readonly KeptLetter[], mainOrigin: string): string =>
  page(
    'Letters',
    `<h1>Letters</h1><p class="soft">This installation has no mail server, so what it would send stays here. Whoever has this page’s address can read it: give links to nobody but the person they are for.</p>${
      letters.length === 0 ? '<p class="card">No letter has been written yet.</p>' : ''
    }${letters
      .map(
        ({ to, subject, text, at }) =>
          `<section class="card"><h2>${escapeHtml(subject)}</h2><p class="soft">To ${escapeHtml(to)}, ${at.slice(0, 16).replace('T', ' ')} UTC</p><pre>${linked(text, mainOrigin)}</pre></section>`,
      )
      .join('')}`,
    { wide: true },
  )
