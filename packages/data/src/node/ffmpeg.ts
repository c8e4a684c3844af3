import { printable, SelfsupError } from '@selfsup/core';
import { spawn } from 'node:child_process';
import { systemReason } from './system-reason.ts';

/** How frames are taken out of a video file. */
export interface DecodeFramesOptions {
  /** Rows and columns of a frame: what is filmed is resized to cover them and then cropped. */
  readonly size: readonly [height: number, width: number];
  /** Frames of a second of the video, evenly spaced; > 0. */
  readonly framesPerSecond: number;
  /** At most so many frames; default all. */
  readonly most?: number;
  /** The program; default `ffmpeg` on the PATH. */
  readonly ffmpeg?: string | undefined;
}

/** Formats that are opened. None is a list of other files, which could be anywhere. */
const FORMATS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,ogg,flv';
/** Bytes of complaints that are kept. */
const COMPLAINTS = 4096;

/** What to do where the program is missing. */
const CURE =
  'install it (`apt install ffmpeg`, `brew install ffmpeg`, `winget install ffmpeg`), or give each video as a folder of its frames as pictures';

function argumentsOf(path: string, { size: [height, width], framesPerSecond, most }: DecodeFramesOptions): string[] {
  const filters = [
    `fps=${framesPerSecond}`,
    `scale=${width}:${height}:force_original_aspect_ratio=increase:flags=area+accurate_rnd+full_chroma_int+bitexact`,
    `crop=${width}:${height}`,
  ];
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error'],
    ...['-protocol_whitelist', 'file', '-format_whitelist', FORMATS, '-i', `file:${path}`],
    ...['-map', '0:v:0', '-vf', filters.join(','), ...(most === undefined ? [] : ['-frames:v', String(most)])],
    ...['-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1'],
  ];
}

/** The last thing that the program complained of, without what it calls the parts of itself. */
const lastComplaint = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.replace(/^\[[^\]]*\] */, '').trim())
    .filter((line) => line !== '')
    .at(-1);

/**
 * Decodes a video file, frame by frame: no more than one frame and what the system keeps of a pipe is in memory.
 *
 * @param path an .mp4, .webm or other video file; no playlist
 * @param options see {@link DecodeFramesOptions}
 * @returns the frames in order, RGB, `height · width · 3` bytes each; whoever stops early ends the program
 * @throws SelfsupError `SELFSUP_DATA` when the program is not there; Error with what it says when it can make nothing of the file
 * @remarks Frames are as the file says how they are to be turned, of the first video stream. The same file and the same version of the program give the same bytes.
 */
export async function* decodeFrames(path: string, options: DecodeFramesOptions): AsyncGenerator<Uint8Array, void, void> {
  const { ffmpeg = 'ffmpeg', size } = options;
  const frameBytes = size[0] * size[1] * 3;
  const child = spawn(ffmpeg, argumentsOf(path, options), { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-COMPLAINTS);
  });
  let trouble: unknown;
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      trouble = error;
      resolve(null);
    });
    child.on('close', resolve);
  });
  let isDone = false;
  try {
    let frame = new Uint8Array(frameBytes);
    let filled = 0;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>)
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + frameBytes - filled);
        frame.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < frameBytes) continue;
        yield frame;
        frame = new Uint8Array(frameBytes);
        filled = 0;
      }
    isDone = true;
  } finally {
    if (!isDone) child.kill('SIGKILL');
  }
  const code = await ended;
  if (trouble !== undefined) {
    const isMissing = (trouble as { code?: unknown }).code === 'ENOENT';
    throw new SelfsupError(
      'SELFSUP_DATA',
      `video files are decoded by the program ${printable(ffmpeg)}, which ${isMissing ? 'is not there' : `could not be started: ${systemReason(trouble)}`}; ${CURE}`,
      { cause: trouble },
    );
  }
  if (code !== 0) throw new Error(lastComplaint(complaints) ?? `the decoder ended with code ${code ?? 'none'}`);
}
