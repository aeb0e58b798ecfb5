import { Skeleton, Stack, VisuallyHidden } from '@mantine/core'

/** Room for what is coming, so that nothing jumps when it does. */
export const LoadingRows = ({ rows = 5, height = 36 }: { rows?: number; height?: number }) => (
  <Stack gap={6} role="status">
    <VisuallyHidden>Loading</VisuallyHidden>
    {Array.from({ length: rows }, (_, index) => (
      <Skeleton key={index} height={height} radius="sm" aria-hidden />
    ))}
  </Stack>
)
