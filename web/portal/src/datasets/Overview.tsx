import { Alert, Anchor, Group, List, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMay } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { BudgetMeter } from './Budget.tsx'
import type { Dataset } from '../queries/datasets.ts'
import { FirstQuestion } from './FirstQuestion.tsx'
import { policySentences } from './words.ts'
import { languageMeaning, languageName, modeMeaning, modeName } from '../parts/policy-words.ts'

/** What it is, who may ask what, what is left of the budget, and a question to begin with. */
export function Overview({ dataset }: { dataset: Dataset }) {
  const { policy, schema } = dataset
  return (
    <>
      <Notices dataset={dataset} />
      <div className="two">
        <div>
          <WhatItIs dataset={dataset} />
          {schema && dataset.mayAnalyse && <FirstQuestion dataset={dataset} />}
        </div>
        <div>
          <Section title="Privacy budget">
            <BudgetMeter budget={dataset.budget} />
          </Section>
          <Section title="Policy">
            <List size="sm" spacing={6}>
              {policySentences(policy).map((sentence) => (
                <List.Item key={sentence}>{sentence}</List.Item>
              ))}
            </List>
          </Section>
          <Section title="How answers leave">
            <dl className="terms">
              {policy.modes.map((mode) => (
                <div key={mode}>
                  <dt>{modeName[mode]}</dt>
                  <dd>{modeMeaning[mode]}</dd>
                </div>
              ))}
            </dl>
          </Section>
          <Section title="Languages">
            <dl className="terms">
              {policy.languages.map((language) => (
                <div key={language}>
                  <dt>{languageName[language]}</dt>
                  <dd>{languageMeaning[language]}</dd>
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

/** Why it cannot be asked, where that is so. */
const Notices = ({ dataset }: { dataset: Dataset }) => (
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
  </>
)

function WhatItIs({ dataset }: { dataset: Dataset }) {
  const may = useMay()
  const { schema } = dataset
  return (
    <Section title="What it is">
      <Text className="prose">{dataset.description || 'Nobody has described this dataset yet.'}</Text>
      {schema && (
        <List size="sm" mt="sm" spacing={4}>
          {schema.tables.map((table) => (
            <List.Item key={table.name}>
              <Text span ff="monospace" size="sm">
                {table.name}
              </Text>
              : {count(table.columns.length, 'column')}
              {table.oneRowPerSubject ? ', one row a subject' : ', several rows a subject'}
              {table.meaning ? `. ${table.meaning}` : ''}
            </List.Item>
          ))}
          {schema.images.map((image) => (
            <List.Item key={image.name}>
              <Text span ff="monospace" size="sm">
                {image.name}
              </Text>
              : NIfTI volumes listed by {image.table}
              {image.masks.length > 0 ? `, with ${count(image.masks.length, 'region mask')}` : ''}
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
  )
}
