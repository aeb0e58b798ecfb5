/** A link that is being made: its fields, what is wrong with them, and what is asked of the server. */
import type { Client } from '../../../../clients/api.ts'
import { redirectHost, type LinkKind } from '../../../../domain/studies/links.ts'

type NewLink = Parameters<Client['studies']['createLink']>[0]['body']
/** A link as it is typed; `quota` is a text while it is empty. */
export interface LinkDraft {
  kind: LinkKind
  label: string
  hours: number
  quota: number | ''
  completionUrl: string
  abortUrl: string
  parameter: string
  outsideId: string
}
export const blankLink: LinkDraft = {
  kind: 'general',
  label: '',
  hours: 72,
  quota: '',
  completionUrl: '',
  abortUrl: '',
  parameter: '',
  outsideId: '',
}

/** What recruiters expect: the parameter that carries their id, and where participants go back to. */
export const presets = {
  Prolific: {
    host: 'app.prolific.com',
    parameter: 'PROLIFIC_PID',
    completionUrl: 'https://app.prolific.com/submissions/complete?cc=YOUR-CODE',
    hint: 'Replace YOUR-CODE by the completion code that Prolific shows for your study.',
  },
  SONA: {
    host: 'YOUR-SCHOOL.sona-systems.com',
    parameter: 'survey_code',
    completionUrl:
      'https://YOUR-SCHOOL.sona-systems.com/webstudy_credit.aspx?experiment_id=1&credit_token=YOUR-TOKEN&survey_code={outsideId}',
    hint: 'Paste the completion address from SONA and put {outsideId} where it says survey_code=XXXX.',
  },
} as const
/** The host of a web address in small letters, or nothing. */
export const hostOf = (address: string): string =>
  /^https?:\/\/([^/?#:\\{}@\s]+)/i.exec(address)?.[1]?.toLowerCase() ?? ''

/** What is wrong with an address that participants are sent to. */
export function addressError(address: string): string | undefined {
  if (address && redirectHost(address, [hostOf(address)]) === undefined)
    return 'An https address, such as https://app.prolific.com/…'
  return /YOUR-/.test(address) ? 'Fill in what is yours, in place of YOUR-…' : undefined
}

/** The link to be made. What was typed for another kind of link is left out. */
export function bodyOf({
  kind,
  label,
  hours,
  quota,
  completionUrl,
  abortUrl,
  parameter,
  outsideId,
}: LinkDraft): NewLink {
  const counted = kind === 'general' || kind === 'personal'
  return {
    kind,
    label,
    hours,
    ...(quota !== '' && counted ? { quota } : {}),
    ...(completionUrl ? { completionUrl } : {}),
    ...(abortUrl ? { abortUrl } : {}),
    ...(parameter ? { outsideIdParameter: parameter } : {}),
    ...(kind === 'personal' && outsideId ? { outsideId } : {}),
  }
}
