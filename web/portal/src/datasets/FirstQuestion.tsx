import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { CopyId } from '../parts/CopyId.tsx'
import { Section } from '../parts/Page.tsx'
import { languageName } from '../parts/policy-words.ts'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import { firstQuestions } from '../parts/snippets.ts'
import type { Dataset } from '../queries/datasets.ts'
import snippetStyles from './snippet.module.css'

/** A question that runs as it stands, in each language. */
export function FirstQuestion({ dataset }: { dataset: Dataset }) {
  const all = dataset.schema ? firstQuestions(dataset.name, dataset.schema, dataset.policy.languages) : []
  const languages = [...new Set(all.map((snippet) => snippet.language))]
  const [language, setLanguage] = useState(languages[0])
  const shown = all.filter((snippet) => snippet.language === language)
  if (!language) return null
  return (
    <Section
      title="A first question"
      action={
        languages.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="Language"
            value={language}
            onChange={(v) => setLanguage(v as typeof language)}
            data={languages.map((l) => ({ value: l, label: languageName[l] }))}
          />
        )
      }
    >
      <Stack gap="md">
        {shown.map((snippet, index) => (
          <div key={snippet.title} className={snippetStyles.snippet}>
            <Group justify="space-between" gap="xs">
              <Text size="sm" fw={500}>
                {snippet.title}
              </Text>
              <Group gap={4}>
                <CopyId value={snippet.code} label={`the code of ${snippet.title}`} hidden />
                <Button
                  size="compact-xs"
                  variant="default"
                  component={Link}
                  to="/analyses/ask"
                  search={
                    {
                      dataset: dataset.datasetId,
                      language: snippet.language,
                      example: String(index),
                    } as never
                  }
                  aria-label={`Ask this: ${snippet.title}`}
                >
                  Ask this
                </Button>
              </Group>
            </Group>
            <ScrollCode text={snippet.code} label={snippet.title} />
          </div>
        ))}
      </Stack>
    </Section>
  )
}
