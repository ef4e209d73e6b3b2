"""The page that needs no link: what a publication says to one audience, on two pages, in English and French.

    figures     what the audience's published file says, and nothing but that file
    content     figures to words, charts and a table
    drawing     charts as light SVG, the same for the page and for paper
    html, pdf   the brief as one HTML page and as a PDF of two pages
    letter      the e-mail that brings both
    writing     the four files of one audience

A brief is made from the very file that its readers may open, so that it cannot tell them more. It is a pure
function of that file: no clock is read.
"""
