import { createRegistry } from './registry.ts';
import { classicalTasks } from './tasks/classical-tasks.ts';
import { contrastiveTasks } from './tasks/contrastive-tasks.ts';
import { jointEmbeddingTasks } from './tasks/joint-embedding-tasks.ts';
import { maskedImageTasks } from './tasks/masked-image-tasks.ts';
import type { TaskEntry } from './tasks/task-entry.ts';
import { videoTasks } from './tasks/video-tasks.ts';

/** The tasks of `--task` on images and videos. A new one is an entry in the file of its group. */
export const tasks = createRegistry<TaskEntry>('task', {
  ...contrastiveTasks,
  ...jointEmbeddingTasks,
  ...maskedImageTasks,
  ...classicalTasks,
  ...videoTasks,
});
