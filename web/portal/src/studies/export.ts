import type { Study } from '../hooks.ts'
import { api } from '../session/session.ts'

/** Hands bytes to the browser's downloads. */
function download(name: string, bytes: Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }))
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = name
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** One version as one file. `progress` counts bytes fetched. */
export async function exportVersion(
  study: Study,
  version: number,
  progress: (got: number, total: number) => void,
): Promise<void> {
  const [{ packStudy }, { configuration }, { files }] = await Promise.all([
    import('../../../../clients/study-file.ts'),
    api.studies.version({ params: { studyId: study.studyId, version } }),
    api.studies.files({ params: { studyId: study.studyId, version } }),
  ])
  const total = files.reduce((n, f) => n + f.size, 0)
  let got = 0
  progress(0, total)
  const fetched: { path: string; data: Uint8Array }[] = []
  for (const file of files) {
    const answer = await fetch(file.download.url, { headers: file.download.headers })
    if (!answer.ok) throw new Error(`The file ${file.path} could not be fetched (${answer.status}). Try again.`)
    fetched.push({ path: file.path, data: new Uint8Array(await answer.arrayBuffer()) })
    progress((got += file.size), total)
  }
  const name =
    study.title
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .toLowerCase() || 'study'
  download(
    `${name}-v${version}.cloister.zip`,
    packStudy({
      title: study.title,
      description: study.description,
      redirectHosts: study.redirectHosts,
      configuration,
      files: fetched,
    }),
    'application/zip',
  )
}
