/**
 * What a visitor does on a page, for any driver of any browser: these functions run in the page, so they
 * use nothing but the page and themselves.
 */

/** Scrolls to the end at reading pace: half a viewport every `pause` ms. */
export async function scrollToEnd(pause: number): Promise<void> {
  const atEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  while (!atEnd()) {
    scrollBy(0, innerHeight / 2);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Whether every image of the page is decoded, or only the `eager` ones. */
export function imagesLoaded(which: 'all' | 'eager'): boolean {
  const images = [...document.images].filter((image) => which === 'all' || image.loading !== 'lazy');
  return images.every((image) => image.complete && image.naturalWidth > 0);
}

/** Plays the page's video until `seconds` of it were shown; rejects if the element reports an error. */
export async function playUntil({ seconds, rate }: { seconds: number; rate: number }): Promise<void> {
  const video = document.querySelector('video');
  if (!video) throw new Error('no video on this page');
  video.muted = true;
  video.playbackRate = rate;
  await video.play();
  await new Promise<void>((resolve, reject) => {
    video.addEventListener('error', () => reject(new Error(video.error?.message ?? 'media error')));
    video.addEventListener('timeupdate', () => {
      if (video.currentTime >= seconds || video.ended) resolve();
    });
  });
}

/** Goes to `share` of the page's video and plays a second from there. Resolves to where that led (s). */
export async function seekTo(share: number): Promise<{ time: number; error: string | undefined }> {
  const video = document.querySelector('video');
  if (!video) throw new Error('no video on this page');
  video.playbackRate = 1;
  video.currentTime = share * video.duration;
  await new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
  const from = video.currentTime;
  await new Promise<void>((resolve) => {
    video.addEventListener('timeupdate', () => {
      if (video.currentTime > from + 1) resolve();
    });
  });
  return { time: video.currentTime, error: video.error?.message };
}

/** Goes to each of these shares of the page's video, and on as soon as frames are shown there. */
export async function seekThrough(shares: readonly number[]): Promise<void> {
  const video = document.querySelector('video');
  if (!video) throw new Error('no video on this page');
  video.playbackRate = 1;
  for (const share of shares) {
    const place = share * video.duration;
    video.currentTime = place;
    await new Promise<void>((resolve, reject) => {
      const frames = video.getVideoPlaybackQuality().totalVideoFrames;
      video.onerror = () => reject(new Error(video.error?.message ?? 'media error'));
      video.ontimeupdate = () => {
        const isThere = !video.seeking && video.currentTime > place && video.currentTime < place + 2;
        if (isThere && video.getVideoPlaybackQuality().totalVideoFrames > frames) resolve();
      };
    });
  }
}

/** Plays all videos of the page at once until each has shown `seconds` more; rejects if one reports an error. */
export async function playAll({ seconds, rate }: { seconds: number; rate: number }): Promise<void> {
  const play = async (video: HTMLVideoElement): Promise<void> => {
    video.muted = true;
    video.playbackRate = rate;
    await video.play();
    const end = video.currentTime + seconds;
    await new Promise<void>((resolve, reject) => {
      video.onerror = () => reject(new Error(video.error?.message ?? 'media error'));
      video.ontimeupdate = () => {
        if (video.currentTime >= end || video.ended) resolve();
      };
    });
  };
  await Promise.all([...document.querySelectorAll('video')].map(play));
}

/** SHA-256 (hexadecimal) of what a script of the page is given for `url`. */
export async function digestOf(url: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await (await fetch(url)).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
