"""The page that needs no link: a publication for one audience on two pages, in English and French.

    figures     what the audience's published file says, and nothing but that file
    brief       what a brief is made of, of whichever kind
    parcels     the brief of parcels: figures to words, charts and a table; for every audience
    progress    the brief of progress towards standards, for donors and the secretariat
    drawing     charts as light SVG, the same for the page and for paper
    html, pdf   the brief as one HTML page and as a PDF of two pages
    letter      the e-mail that brings both
    files       what the files are called, and who has which
    writing     the files of one audience

A brief is made from the very file that its readers may open, so that it cannot tell them more. It is a pure
function of that file: no clock is read.
"""
