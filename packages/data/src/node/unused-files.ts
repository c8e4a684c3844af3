/** Files of a folder that are not used, by kind. */
export interface UnusedKind {
  /** What they are: `HEIC pictures`, `videos`, `links out of the folder` … */
  readonly kind: string;
  /** Why they are not used, and what to do about it. */
  readonly reason: string;
  /** How many there are. */
  readonly count: number;
  /** The path of the first, relative to the folder. */
  readonly example: string;
}

/** Gathers {@link UnusedKind}. */
export interface UnusedFiles {
  /** Counts a file. */
  add(kind: string, reason: string, path: string): void;
  /** What was counted, the most frequent first. */
  list(): UnusedKind[];
}

/** Starts to count files that are not used. */
export function createUnusedFiles(): UnusedFiles {
  const kinds = new Map<string, { kind: string; reason: string; count: number; example: string }>();
  return {
    add(kind, reason, path) {
      const known = kinds.get(kind);
      if (known) known.count++;
      else kinds.set(kind, { kind, reason, count: 1, example: path });
    },
    list: () => [...kinds.values()].sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1)),
  };
}

const TO_JPEG = 'is not decoded; convert it to JPEG or PNG';
const KINDS: readonly (readonly [endings: RegExp, kind: string, reason: string])[] = [
  [/\.(heic|heif|hif)$/i, 'HEIC pictures', `${TO_JPEG}, with \`heif-convert\` or the program that manages the photos`],
  [/\.(jxl|jp2|j2k|jpx|jpf)$/i, 'JPEG XL and JPEG 2000 pictures', TO_JPEG],
  [/\.(p[bgnp]m|pam|tga|ico|exr|hdr|psd|xcf|dds|fits?|dcm|nii)$/i, 'pictures of other formats', TO_JPEG],
  [/\.(cr[23w]|nef|arw|dng|orf|rw2|raf|pef|srw)$/i, 'raw photos', 'is not decoded; develop it to JPEG'],
  [/\.(svgz?|pdf|e?ps|ai)$/i, 'drawings and documents', 'is not decoded; export it as PNG'],
  [
    /\.(mp4|m4v|mov|avi|mkv|webm|mpe?g|wmv|3gp)$/i,
    'videos',
    'is not decoded; take frames out of it, as with `ffmpeg -i video.mp4 video/%06d.jpg`',
  ],
  [/\.(tar|parquet)$/i, 'archives of pictures', 'is not opened, because there are pictures beside it; give it or its folder alone'],
  [/\.(zip|tgz|gz|bz2|xz|7z|rar|zst)$/i, 'archives', 'is not opened; unpack it'],
  [/\.(npy|npz|arrow|tfrecords?|h5|hdf5|mat|pkl|lmdb|mdb)$/i, 'arrays and tables', 'is not read; write its pictures out as PNG'],
];

/** Counts a file that is not named as a picture. */
export function addUnusedFile(unused: UnusedFiles, path: string): void {
  const known = KINDS.find(([endings]) => endings.test(path));
  if (known) unused.add(known[1], known[2], path);
  else unused.add('other files', 'is not named as a picture (.jpg, .png, .webp, .gif, .tif, .avif, .bmp)', path);
}
