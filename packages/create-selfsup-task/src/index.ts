export { createTask, modalities, type CreatedTask, type CreateTaskOptions, type TaskModality } from './create-task.ts';
export type { TaskNames } from './task-names.ts';
