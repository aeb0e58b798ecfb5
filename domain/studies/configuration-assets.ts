/** Checks of the files that a configuration names. */
import { pointer, type Findings } from './configuration-errors.ts'
import type { Scope } from './configuration-scope.ts'
import { asReference } from './references.ts'

/** A tag that shows a file, up to its end; a `>` within quotes is not it. */
const tagWithFile =
  /<(?:img|audio|video|source|track|embed|iframe|script|input)\b((?:[^>=]|=\s*"[^"]*"|=\s*'[^']*'|=)*)/gi
const fileInTag = /[\s"'/](?:src|poster)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/gi

/** Files that a text with HTML shows, as it names them, in order. */
export const htmlFiles = (html: string): string[] =>
  [...html.matchAll(tagWithFile)].flatMap(([, inside]) =>
    [...inside!.matchAll(fileInTag)].map((match) => match[1] ?? match[2] ?? match[3] ?? ''),
  )

/**
 * A path as it stands in a configuration, as the study's list of files has it: without `./`, query and fragment, and
 * with percent-encoding undone where it is well formed.
 */
export const assetName = (path: string): string => {
  try {
    return decodeURI(path.replace(/^\.\//, '').replace(/[?#].*/s, ''))
  } catch {
    return path
  }
}

/**
 * Checks that a file, named at the pointer `path`, is among the study's: nothing is loaded from another host. The file
 * is noted in `scope.files` when somebody takes them down.
 */
export function checkAsset(found: Findings, file: string, path: string, scope: Scope): void {
  if (/^data:/i.test(file)) return
  scope.files?.add(file)
  if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(file))
    return found.add(
      path,
      'Studies load nothing from elsewhere: add the file to the study and give its path',
      file,
      'a path within the study, e.g. images/face.png',
    )
  if (!scope.assets.has(assetName(file)))
    found.unknown(path, file, file, [...scope.assets], `The study has no file ${file}`)
}

/** Checks every file that a text with HTML shows. */
export function checkHtml(found: Findings, html: string, path: string, scope: Scope): void {
  for (const file of htmlFiles(html)) checkAsset(found, file, path, scope)
}

/** Inside a survey definition, pictures are named by these members. */
const pictureMembers = ['imageLink', 'logo', 'backgroundImage']

/** Checks every picture that an object or list names, however deep; references are left to other checks. */
export function checkPictures(found: Findings, value: object, path: string, scope: Scope): void {
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    const at = pointer(path, name)
    if (pictureMembers.includes(name) && typeof member === 'string' && member !== '')
      checkAsset(found, member, at, scope)
    else if (typeof member === 'object' && member !== null && !asReference(member))
      checkPictures(found, member, at, scope)
  }
}
