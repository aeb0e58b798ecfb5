import { Button, Group, Skeleton, Text, UnstyledButton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import type { Asset } from '../../../../clients/publish.ts'
import type { Configuration } from '../../../../domain/studies/configuration.ts'
import type { Validation } from '../../../../domain/studies/configuration-validation.ts'
import type { Study } from '../hooks.ts'
import { count } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { versionQuery } from './data.ts'
import { asText, type ContentDraft, useContentDraft, writeDraft } from './draft.ts'
import type { EditorHandle } from './Editor.tsx'
import { Files } from './Files.tsx'
import { Outline } from './Outline.tsx'
import { PublishDialog } from './PublishDialog.tsx'
import styles from './Content.module.css'
import editorStyles from './Editor.module.css'

const Editor = lazy(() => import('./Editor.tsx').then((m) => ({ default: m.Editor })))
const first = asText({
  kind: 'timeline',
  timeline: [{ type: '@jspsych/plugin-html-keyboard-response', stimulus: '<p>Press any key to begin.</p>' }],
})

/** What participants will see: configuration and files, edited here and kept in this browser until published. */
export function Content({ study }: { study: Study }) {
  const { data: newest, error } = useQuery({
    ...versionQuery(study.studyId, study.version),
    enabled: study.version > 0,
  })
  if (study.version > 0 && !newest)
    return error ? <ProblemNotice error={error} /> : <LoadingRows rows={8} height={48} />
  return (
    <Edit
      study={study}
      published={
        newest
          ? {
              text: asText(newest.configuration),
              assets: newest.files,
              base: newest.version,
              changed: newest.published,
            }
          : undefined
      }
    />
  )
}

type Checked =
  | { state: 'checking' }
  | { state: 'syntax'; message: string }
  | { state: 'checked'; result: Validation; configuration: Record<string, unknown> }

/** Syntax, then the study's rules with its plugins, loaded with the editor. */
function useChecked(text: string, assets: readonly Asset[]): Checked {
  const [settled] = useDebouncedValue(text, 250)
  const [checked, setChecked] = useState<Checked>({ state: 'checking' })
  useEffect(() => {
    let current = true
    let value: unknown
    try {
      value = JSON.parse(settled)
    } catch (e) {
      setChecked({ state: 'syntax', message: (e as Error).message })
      return
    }
    void import('../../../../domain/studies/configuration-validation.ts').then(({ validateConfiguration }) => {
      if (current)
        setChecked({
          state: 'checked',
          result: validateConfiguration(
            value,
            assets.map((a) => a.path),
          ),
          configuration: value as Record<string, unknown>,
        })
    })
    return () => {
      current = false
    }
  }, [settled, assets])
  return checked
}

function Edit({ study, published }: { study: Study; published: ContentDraft | undefined }) {
  const draft = useContentDraft(study.studyId)
  const now = draft ?? published ?? { text: first, assets: [], base: 0, changed: '' }
  const checked = useChecked(now.text, now.assets)
  const editor = useRef<EditorHandle>(null)
  const [full, setFull] = useState<unknown>()
  const [publishing, setPublishing] = useState(false)
  const keep = (change: Partial<ContentDraft>) => {
    const next = { ...now, ...change, changed: new Date().toISOString() }
    try {
      writeDraft(
        study.studyId,
        published &&
          next.text === published.text &&
          sameFiles(next.assets, published.assets) &&
          next.base === published.base
          ? undefined
          : next,
      )
      setFull(undefined)
    } catch {
      setFull(new Error('This browser has no room to keep the draft. Publish now, or copy the text to a file.'))
    }
  }
  const errors = useMemo(
    () => (checked.state === 'checked' && !checked.result.ok ? checked.result.errors : []),
    [checked],
  )
  const valid = checked.state === 'checked' && checked.result.ok
  const publishedWords = published ? `This is version ${published.base}, as published` : 'Nothing published yet'
  const stale = draft !== undefined && published !== undefined && draft.base < published.base
  return (
    <>
      <Group justify="space-between" mb="sm" gap="sm">
        <Text size="sm" c="dimmed" component="div">
          {draft ? (
            <>
              Unpublished changes, kept in this browser
              {draft.changed && (
                <>
                  , <RelativeTime at={draft.changed} />
                </>
              )}
            </>
          ) : (
            publishedWords
          )}
        </Text>
        <Group gap="xs">
          {draft && published && (
            <Button variant="default" onClick={() => writeDraft(study.studyId, undefined)}>
              Discard changes
            </Button>
          )}
          <Button onClick={() => setPublishing(true)} disabled={!valid || (!draft && published !== undefined)}>
            {published ? 'Review and publish' : 'Publish'}
          </Button>
        </Group>
      </Group>
      {stale && (
        <ProblemNotice
          error={
            new Error(
              `Version ${published.base} was published after you began. Publishing yours replaces it as the newest; compare them first.`,
            )
          }
          title="There is a newer version"
        />
      )}
      <ProblemNotice error={full} />
      <div className={styles.content}>
        <div>
          <Suspense fallback={<Skeleton className={editorStyles.editor} />}>
            <Editor
              ref={editor}
              text={now.text}
              onChange={(text) => {
                if (text !== now.text) keep({ text })
              }}
              errors={errors}
              label="Configuration, JSON"
            />
          </Suspense>
          <Standing checked={checked} go={(p) => editor.current?.show(p)} />
        </div>
        <aside>
          <Section title="Outline">
            {checked.state === 'checked' && checked.result.ok ? (
              <Outline
                configuration={checked.configuration as unknown as Configuration}
                go={(p) => editor.current?.show(p)}
              />
            ) : (
              <Text size="sm" c="dimmed">
                Shown once the configuration has no errors.
              </Text>
            )}
          </Section>
          <Files studyId={study.studyId} assets={now.assets} onChange={(assets) => keep({ assets })} />
        </aside>
      </div>
      {publishing && checked.state === 'checked' && (
        <PublishDialog
          study={study}
          configuration={checked.configuration}
          assets={now.assets}
          base={stale ? published.base : now.base}
          close={() => setPublishing(false)}
        />
      )}
    </>
  )
}

const sameFiles = (a: readonly Asset[], b: readonly Asset[]): boolean =>
  a.length === b.length && a.every((f) => b.some((g) => g.path === f.path && g.sha256 === f.sha256))

function Standing({ checked, go }: { checked: Checked; go: (pointer: string) => void }) {
  if (checked.state === 'checking')
    return (
      <Text size="sm" c="dimmed" mt={6} role="status">
        Checking…
      </Text>
    )
  if (checked.state === 'syntax')
    return (
      <Text size="sm" c="var(--mantine-color-error)" mt={6} role="status">
        Not JSON yet: {checked.message}
      </Text>
    )
  if (checked.result.ok)
    return (
      <Text size="sm" c="dimmed" mt={6} role="status">
        No errors
      </Text>
    )
  const { errors } = checked.result
  return (
    <div role="status" className={styles.errors}>
      <Text size="sm" fw={600} mt={6}>
        {count(errors.length, 'error')} to mend before publishing
      </Text>
      <ul>
        {errors.slice(0, 30).map((error) => (
          <li key={error.path + error.message}>
            <UnstyledButton onClick={() => go(error.path)}>
              <Text span size="sm" ff="monospace" c="var(--mantine-color-anchor)">
                {error.path.replace(/^\/configuration/, '') || '/'}
              </Text>
              <Text span size="sm">
                : {error.message}
                {error.expected ? `. Allowed: ${error.expected}` : ''}
              </Text>
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </div>
  )
}
