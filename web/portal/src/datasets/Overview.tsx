import { Alert, Anchor, Button, Group, List, SegmentedControl, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import { BudgetMeter } from './Budget.tsx'
import type { Dataset } from '../queries/datasets.ts'
import { firstQuestions } from '../parts/snippets.ts'
import { policySentences } from './words.ts'
import { languageMeaning, languageName, modeMeaning, modeName } from '../parts/policy-words.ts'

/** What it is, who may ask what, what is left of the budget, and a question to begin with. */
export function Overview({ dataset }: { dataset: Dataset }) {
  const may = useMay()
  const { policy, schema } = dataset
  return (
    <>
      {dataset.problem && (
        <Alert
          color="red"
          variant="outline"
          mb="lg"
          icon={<IconAlertTriangle size={18} aria-hidden />}
          title={dataset.version > 0 ? 'Its newest files could not be taken' : 'Its files could not be read'}
        >
          {dataset.problem}{' '}
          <Anchor component={Link} to={`/datasets/${dataset.datasetId}/register`} underline="always">
            Go back to the files
          </Anchor>
        </Alert>
      )}
      {dataset.version === 0 && !dataset.problem && (
        <Alert color="gray" variant="outline" mb="lg" title="Not in the catalogue yet">
          Only custodians see this dataset. It can be asked once its schema is confirmed and published.
        </Alert>
      )}
      {dataset.version > 0 && !dataset.mayAnalyse && dataset.why && (
        <Alert color="gray" variant="outline" mb="lg" title="You cannot ask it now">
          {dataset.why}
        </Alert>
      )}
      <div className="two">
        <div>
          <Section title="What it is">
            <Text className="prose">{dataset.description || 'Nobody has described this dataset yet.'}</Text>
            {schema && (
              <List size="sm" mt="sm" spacing={4}>
                {schema.tables.map((t) => (
                  <List.Item key={t.name}>
                    <Text span ff="monospace" size="sm">
                      {t.name}
                    </Text>
                    : {count(t.columns.length, 'column')}
                    {t.oneRowPerSubject ? ', one row a subject' : ', several rows a subject'}
                    {t.meaning ? `. ${t.meaning}` : ''}
                  </List.Item>
                ))}
                {schema.images.map((i) => (
                  <List.Item key={i.name}>
                    <Text span ff="monospace" size="sm">
                      {i.name}
                    </Text>
                    : NIfTI volumes listed by {i.table}
                    {i.masks.length > 0 ? `, with ${count(i.masks.length, 'region mask')}` : ''}
                  </List.Item>
                ))}
              </List>
            )}
            {dataset.study && may('studies.list', dataset) && (
              <Text size="sm" mt="sm">
                Made from the results of{' '}
                <Anchor component={Link} to={`/studies/${dataset.study}`} underline="always">
                  a study
                </Anchor>
                .
              </Text>
            )}
          </Section>
          {schema && dataset.mayAnalyse && <FirstQuestion dataset={dataset} />}
        </div>
        <div>
          <Section title="Privacy budget">
            <BudgetMeter budget={dataset.budget} />
          </Section>
          <Section title="Policy">
            <List size="sm" spacing={6}>
              {policySentences(policy).map((s) => (
                <List.Item key={s}>{s}</List.Item>
              ))}
            </List>
          </Section>
          <Section title="How answers leave">
            <dl className="terms">
              {policy.modes.map((m) => (
                <div key={m}>
                  <dt>{modeName[m]}</dt>
                  <dd>{modeMeaning[m]}</dd>
                </div>
              ))}
            </dl>
          </Section>
          <Section title="Languages">
            <dl className="terms">
              {policy.languages.map((l) => (
                <div key={l}>
                  <dt>{languageName[l]}</dt>
                  <dd>{languageMeaning[l]}</dd>
                </div>
              ))}
            </dl>
          </Section>
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              Dataset id
            </Text>
            <CopyId value={dataset.datasetId} label="dataset id" />
          </Group>
        </div>
      </div>
    </>
  )
}

/** A question that runs as it stands, in each language. */
function FirstQuestion({ dataset }: { dataset: Dataset }) {
  const all = dataset.schema ? firstQuestions(dataset.name, dataset.schema, dataset.policy.languages) : []
  const languages = [...new Set(all.map((s) => s.language))]
  const [language, setLanguage] = useState(languages[0])
  const shown = all.filter((s) => s.language === language)
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
        {shown.map((s) => (
          <div key={s.title} className="snippet">
            <Group justify="space-between" gap="xs">
              <Text size="sm" fw={500}>
                {s.title}
              </Text>
              <Group gap={4}>
                <CopyId value={s.code} label={`the code of ${s.title}`} hidden />
                <Button
                  size="compact-xs"
                  variant="default"
                  component={Link}
                  to="/analyses/ask"
                  search={
                    {
                      dataset: dataset.datasetId,
                      language: s.language,
                      example: String(all.filter((x) => x.language === s.language).indexOf(s)),
                    } as never
                  }
                  aria-label={`Ask this: ${s.title}`}
                >
                  Ask this
                </Button>
              </Group>
            </Group>
            <ScrollCode text={s.code} label={s.title} />
          </div>
        ))}
      </Stack>
    </Section>
  )
}
