/** What a pipeline is: a versioned definition that says what to run, on what, with which parameters. Pure rules; every error names its field by a JSON pointer. */
export const pipelineRuntimes = ['python', 'r', 'shell', 'image'] as const
export type PipelineRuntime = (typeof pipelineRuntimes)[number]
