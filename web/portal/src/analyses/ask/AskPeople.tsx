import { Stack, Textarea, TextInput } from '@mantine/core'
import { Section } from '../../parts/Page.tsx'
import { type AskDraft, isTrial } from './ask-draft.ts'
import type { PutDraft } from './useAskDraft.ts'

/** What people read of the question: what it is for, and what it is called. */
export function AskPeople({
  draft,
  put,
  approval,
  madeTitle,
}: {
  draft: AskDraft
  put: PutDraft
  /** The custodian approves each question first. */
  approval: boolean
  /** The title that it gets when none is typed. */
  madeTitle: string | undefined
}) {
  const reviewed = draft.mode === 'review'
  return (
    <Section title="For people">
      <Stack maw={680}>
        {!isTrial(draft) && (reviewed || approval) && (
          <Textarea
            label="What is it for?"
            required
            description={
              reviewed ? 'Two output checkers read this beside the output' : 'The custodian reads this before deciding'
            }
            autosize
            minRows={2}
            maxRows={8}
            maxLength={1000}
            value={draft.purpose}
            onChange={(e) => put({ purpose: e.currentTarget.value })}
          />
        )}
        <TextInput
          label="Title"
          description="How you will find it again; left empty, it is made from the question"
          placeholder={madeTitle ?? ''}
          maxLength={120}
          value={draft.title}
          onChange={(e) => put({ title: e.currentTarget.value })}
        />
      </Stack>
    </Section>
  )
}
