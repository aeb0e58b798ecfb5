import { Alert, List, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { count } from '../../parts/figures.ts'
import type { Opened } from '../opened.ts'

/** Runs of which something is missing or does not fit, and what. */
export function NotWhole({ opened }: { opened: Opened }) {
  const findings = opened.runs.flatMap((r) => r.findings.map((finding) => ({ run: r.row.runId, finding })))
  if (findings.length === 0) return null
  return (
    <Alert
      color="yellow"
      variant="outline"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={`${count(new Set(findings.map((x) => x.run)).size, 'run')} not whole`}
      mb="md"
    >
      <List size="sm">
        {findings.slice(0, 12).map(({ run, finding }, index) => (
          <List.Item key={index}>
            <code>{run.slice(4, 12)}</code> {finding.message}
          </List.Item>
        ))}
      </List>
      {findings.length > 12 && (
        <Text size="sm">and {findings.length - 12} more; they are in the JSON and Psych-DS downloads.</Text>
      )}
    </Alert>
  )
}
