// What can be said about a file before a byte of it is sent.
const MAX_BYTES = 5 * 1024 ** 4;
const MEDIA = /\.(3g2|3gp|aac|aif|aiff|amr|asf|avi|caf|flac|flv|m2ts|m4a|m4b|m4v|mka|mkv|mov|mp2|mp3|mp4|mpeg|mpg|mts|mxf|oga|ogg|ogv|opus|ts|vob|wav|webm|wma|wmv)$/i;

export interface Problem {
  message: string;
  remedy: string;
}

export function problemOf(file: File): Problem | null {
  if (file.size === 0) {
    return { message: "The file is empty.", remedy: "Choose the recording itself, not a folder or a link to it." };
  }
  if (file.size > MAX_BYTES) {
    return { message: "The file is larger than 5 TB.", remedy: "Cut it, or save it with less resolution." };
  }
  if (!/^(video|audio)\//.test(file.type) && !MEDIA.test(file.name)) {
    return { message: "This is neither video nor sound.", remedy: "Choose a recording, such as MP4, MOV, MKV, MP3 or WAV." };
  }
  return null;
}
