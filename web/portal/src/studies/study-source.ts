/** What a new study starts from: an example of this server, files of one's own, or one empty screen. */
import type { StudyBundle } from '../../../../clients/study-file.ts'
import { pathOf } from '../parts/upload.ts'

/** An example as the server lists it; `name` is that of its file. */
export interface Example {
  name: string
  title: string
  description: string
}
/** A study with its files, from this browser or unpacked. */
export type Bundle = StudyBundle<Blob | Uint8Array>
/** One screen, to write the rest oneself. */
export const emptyStudy: Bundle = {
  configuration: {
    kind: 'timeline',
    timeline: [{ type: '@jspsych/plugin-html-keyboard-response', stimulus: '<p>Press any key to begin.</p>' }],
  },
  files: [],
}

/** Throws when the server does not have it. */
export async function readExample(name: string): Promise<Bundle> {
  const answer = await fetch(`/examples/${name}.cloister.zip`)
  if (!answer.ok) throw new Error('This example could not be loaded. Reload the page and try again.')
  const { unpackStudy } = await import('../../../../clients/study-file.ts')
  return unpackStudy(new Uint8Array(await answer.arrayBuffer()))
}

/** A study of one exported file, or of a folder. Throws what is wrong with it, in a sentence. */
export async function readChosen(files: File[]): Promise<Bundle> {
  const { studyOfFiles, unpackStudy } = await import('../../../../clients/study-file.ts')
  const [only] = files
  if (files.length === 1 && only && /\.zip$/i.test(only.name))
    return unpackStudy(new Uint8Array(await only.arrayBuffer()))
  return studyOfFiles<Blob>(
    files.map((f) => ({ path: pathOf(f), data: f })),
    (f) => f.text(),
  )
}
