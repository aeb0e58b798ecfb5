import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { PublishProgress } from '../../../../clients/publish.ts'
import { useDraft, useOrganisation } from '../hooks.ts'
import { count } from '../parts/figures.ts'
import { sendWithProgress } from '../parts/upload.ts'
import { api } from '../session/session.ts'
import { asText, writeDraft } from './draft.ts'
import { type Bundle, emptyStudy, type Example, readChosen, readExample } from './study-source.ts'

/**
 * A new study before it is made: `pick` is what it starts from (the name of an example, `file` or `empty`), `chosen`
 * the files that were read. `create` makes it, sends its files and goes to its content.
 */
export function useNewStudy() {
  const here = useOrganisation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const search: { from?: string } = useSearch({ strict: false })
  const { data: examples, error: noExamples } = useQuery({
    queryKey: ['examples'],
    staleTime: Infinity,
    queryFn: async () => (await (await fetch('/examples/index.json')).json()) as Example[],
  })
  const [from, setFrom] = useState(search.from === 'file' ? 'file' : '')
  const [form, setForm] = useDraft<{ title: string; description: string }>('new-study')
  const [chosen, setChosen] = useState<{ bundle: Bundle; name: string }>()
  const [error, setError] = useState<unknown>()
  const [fileError, setFileError] = useState<unknown>()
  const [progress, setProgress] = useState<PublishProgress>()
  const [busy, setBusy] = useState(false)
  const stop = useRef<AbortController>(undefined)
  const made = useRef<{ key: string; requestId: string }>(undefined)
  const title = form?.title ?? ''
  const description = form?.description ?? ''
  const pick = from || examples?.[0]?.name || 'empty'

  const take = async (files: File[]) => {
    setFileError(undefined)
    try {
      const bundle = await readChosen(files)
      setChosen({ bundle, name: files.length === 1 ? files[0]!.name : count(files.length, 'file') })
      setForm({ title: title || (bundle.title ?? ''), description: description || (bundle.description ?? '') })
    } catch (e) {
      setChosen(undefined)
      setFileError(e)
    }
  }
  const bundleOf = async (picked: string) => {
    if (picked === 'file') return chosen!.bundle
    return picked === 'empty' ? emptyStudy : readExample(picked)
  }
  const create = async () => {
    if (!here) return
    setBusy(true)
    setError(undefined)
    stop.current = new AbortController()
    try {
      const bundle = await bundleOf(pick)
      const key = JSON.stringify([here.organisationId, title, description])
      // Pressing the button again after a failure goes on with the study that was made.
      if (made.current?.key !== key) made.current = { key, requestId: crypto.randomUUID() }
      const study = await api.studies.create({
        params: { organisationId: here.organisationId },
        body: {
          title: title.trim() || bundle.title || 'Untitled study',
          description: description || (bundle.description ?? ''),
          requestId: made.current.requestId,
        },
      })
      if (bundle.redirectHosts?.length && study.redirectHosts.length === 0)
        await api.studies.change({
          params: { studyId: study.studyId },
          body: { redirectHosts: bundle.redirectHosts, rev: study.rev },
        })
      const { uploadFiles } = await import('../../../../clients/publish.ts')
      const assets = await uploadFiles(api, {
        studyId: study.studyId,
        files: bundle.files,
        progress: setProgress,
        send: sendWithProgress,
        signal: stop.current.signal,
      })
      writeDraft(study.studyId, {
        text: asText(bundle.configuration),
        assets,
        base: 0,
        changed: new Date().toISOString(),
      })
      setForm(undefined)
      void client.invalidateQueries({ queryKey: ['studies'] })
      void navigate({ to: `/studies/${study.studyId}/content` })
    } catch (e) {
      if (!stop.current.signal.aborted) setError(e)
    } finally {
      setBusy(false)
      setProgress(undefined)
    }
  }
  return {
    examples: { list: examples, failed: Boolean(noExamples) },
    pick,
    start: (value: string) => {
      setFrom(value)
      setFileError(undefined)
    },
    take: (files: File[]) => void take(files),
    chosen: chosen?.name,
    fileError,
    title,
    description,
    put: setForm,
    progress,
    cancel: () => stop.current?.abort(),
    error,
    busy,
    ready: here !== undefined && (pick !== 'file' || chosen !== undefined),
    create: () => void create(),
  }
}
