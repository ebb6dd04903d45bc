// `apply-cookies/jsx`: the element in TSX, for React 18 and 19, Preact and Solid. The browser's module
// brings it along; a server that renders pages imports it alone: `import type {} from "apply-cookies/jsx"`.

interface ApplyCookiesElement {
  token?: string;
  key?: string | number | bigint | null;
}

// An app has one of these libraries. The others are no modules to add to.
// @ts-ignore
declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "apply-cookies": ApplyCookiesElement;
    }
  }
}
// @ts-ignore
declare module "preact" {
  namespace JSX {
    interface IntrinsicElements {
      "apply-cookies": ApplyCookiesElement;
    }
  }
}
// @ts-ignore
declare module "solid-js/jsx-runtime" {
  namespace JSX {
    interface IntrinsicElements {
      "apply-cookies": ApplyCookiesElement;
    }
  }
}

export {};
