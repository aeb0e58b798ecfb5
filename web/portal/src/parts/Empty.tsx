import { Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import styles from './Empty.module.css'

/** An empty list says what the thing is for and offers the first step. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack className={styles.empty} align="flex-start" gap="xs">
      <Title order={2} size="h3">
        {title}
      </Title>
      {children && (
        <Text c="dimmed" maw={560}>
          {children}
        </Text>
      )}
      {action}
    </Stack>
  )
}
