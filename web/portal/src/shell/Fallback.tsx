import { Anchor, Stack, Text, Title } from '@mantine/core'
import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import pageStyles from '../parts/Page.module.css'

export const Pending = () => (
  <div className={pageStyles.page}>
    <LoadingRows />
  </div>
)

export const PageFailed = ({ error }: ErrorComponentProps) => (
  <div className={pageStyles.page}>
    <ProblemNotice
      error={error}
      title="This page could not be shown"
      retry={() => location.reload()}
      retryLabel="Reload the page"
    />
  </div>
)

export const NotFound = () => (
  <Stack className={pageStyles.page} gap="xs">
    <Title order={1}>There is no such page</Title>
    <Text>The address may be mistyped, or the thing it belonged to was deleted, or you may not see it.</Text>
    <Anchor component={Link} to="/">
      Go to Home
    </Anchor>
  </Stack>
)
